"""Images whose labs cannot start, made from the real one: each fails in one way."""

from __future__ import annotations

import io
import os
import secrets
import struct
import tarfile
from collections.abc import Mapping

import docker

from labyard.core.names import INSTALLATION

BASE = os.environ.get("LABYARD_LABS__IMAGE", "labyard/lab:latest")
ENTRY = "/opt/lab/bin/labyard-lab"
_SHELL = "#!/bin/sh\n"
_PYTHON = "#!/opt/lab/bin/python\n"
# What a lab says of itself goes unescaped into its log.
SCRIPT = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"

_SITE = "/opt/lab/lib/python*/site-packages"
RECIPES: Mapping[str, str] = {
    "foreign": "COPY foreign {entry}\nCOPY foreign /bin/sh",
    "half-foreign": "COPY foreign {entry}",
    "ends": "COPY ends {entry}",
    "nothing": "RUN rm {entry}",
    "stranger": "COPY stranger {entry}",
    "silent": "COPY silent {entry}",
    "greedy": "COPY greedy {entry}",
    "older": f"RUN echo '__version__ = \"5.4.0\"' >> $(echo {_SITE}/jupyterhub/_version.py)",
    "slow": "COPY slow {entry}",
}


def _elf(machine: int) -> bytes:
    """Return the head of a 64-bit program for another processor."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return ident + struct.pack(
        "<HHIQQQIHHHHHH", 2, machine, 1, 0x400000, 64, 0, 0, 64, 56, 0, 0, 0, 0
    )


FILES: Mapping[str, bytes] = {
    "foreign": _elf(0xB7),  # AArch64
    "ends": f'{_SHELL}echo "first words"\necho "{SCRIPT}"\nexit 3\n'.encode(),
    "stranger": f"{_SHELL}exec /opt/lab/bin/python -m http.server 8888\n".encode(),
    "silent": f'{_SHELL}echo "{SCRIPT}"\nexec sleep 600\n'.encode(),
    "greedy": f"{_PYTHON}import time\nx = bytearray(400 << 20)\ntime.sleep(600)\n".encode(),
    "slow": f'{_SHELL}echo "warming up"\nsleep 6\nexec /opt/lab/bin/python -I -m labyard_lab "$@"\n'.encode(),
}


class BadImages:
    """Images of one test run; :meth:`remove` takes them away."""

    def __init__(self, client: docker.DockerClient) -> None:
        installation = "t" + secrets.token_hex(4)
        self._client, self._installation = client, installation
        self.names = {key: f"{installation}/{key}:latest" for key in RECIPES}

    def build(self, *keys: str) -> None:
        """Make images."""
        for key in keys:
            recipe = (
                f"FROM {'scratch' if key == 'foreign' else BASE}\nUSER root\n"
                f"{RECIPES[key].format(entry=ENTRY)}\nENV PATH=/opt/lab/bin:/usr/bin:/bin\n"
                f"USER 1000:1000\nLABEL {INSTALLATION}={self._installation}\n"
            )
            context = io.BytesIO()
            with tarfile.open(fileobj=context, mode="w") as tar:
                _add(tar, "Dockerfile", recipe.encode())
                for name, content in FILES.items():
                    _add(tar, name, content)
            context.seek(0)
            self._client.images.build(
                fileobj=context, custom_context=True, tag=self.names[key], rm=True
            )

    def remove(self) -> None:
        """Remove them."""
        for name in self.names.values():
            try:
                self._client.images.remove(name, force=True)
            except docker.errors.ImageNotFound:
                continue


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755
    tar.addfile(entry, io.BytesIO(content))
