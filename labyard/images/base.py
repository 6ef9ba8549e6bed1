"""The image that labs are built on: pulled where a registry answers, else made from packages."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from labyard.core.errors import EngineError
from labyard.images.client import Client, Said, run

DEFAULT = "docker.io/library/debian:bookworm-slim"
_PACKAGES = ("python3", "python3-venv", "ca-certificates", "sudo")
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_PULL = 600.0  # seconds

MADE = f"labyard/base:{hashlib.sha256(repr((_PACKAGES, _LEFT_OUT)).encode()).hexdigest()[:16]}"


async def ensure(client: Client, wanted: str, said: Said) -> str:
    """Return the name of a base that the engine has. Without ``wanted``, any Debian 12 will do.

    Raises
    ------
    EngineError
        When a named base cannot be had, or none can be made.
    """
    for name in (wanted,) if wanted else (MADE, DEFAULT):
        if await client.image(name) is not None:
            return name
    try:
        await _pull(client, wanted or DEFAULT, said)
    except EngineError:
        if wanted:
            raise
        await _make(client, said)
        return MADE
    return wanted or DEFAULT


async def _pull(client: Client, image: str, said: Said) -> None:
    said(f"pulling {image}")
    try:
        async with asyncio.timeout(_PULL):
            await client.run("pull", image, said=said)
    except TimeoutError:
        raise EngineError(
            f"Pulling {image} took more than {_PULL:g} s.",
            remedy="See that this host reaches the registry, then try again.",
        ) from None


async def _make(client: Client, said: Said) -> None:
    """Make a minimal Debian from packages and import it."""
    if shutil.which("mmdebstrap") is None or os.geteuid() != 0:
        raise EngineError(
            f"No registry has {DEFAULT} for us, and it cannot be made here.",
            remedy="Be root and install mmdebstrap, or name an image you have: labyard image build --base.",
        )
    said("making a Debian from packages")
    with tempfile.TemporaryDirectory() as directory:
        archive = str(Path(directory) / "base.tar")
        await run(
            (
                *("mmdebstrap", "--variant=minbase", f"--include={','.join(_PACKAGES)}"),
                *(f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT),
                *("bookworm", archive),
            ),
            said,
        )
        await client.run("import", archive, MADE)
