"""How this host reaches its package index, as files that a build may read and never keeps."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
# Of pip's settings, those that say where packages come from.
_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "timeout")


@contextmanager
def secrets(directory: Path) -> Iterator[Mapping[str, Path]]:
    """Give the secrets of a build by id: ``ca`` (certificate authorities) and ``pip`` (its settings).

    What the host does not have is left out. ``directory`` must be private to this account.
    """
    pip = directory / "pip.conf"
    pip.write_text(pip_settings(_pip_says()))
    pip.chmod(0o600)
    certificates = certificate(os.environ)
    try:
        yield {"pip": pip, **({"ca": Path(certificates)} if certificates else {})}
    finally:
        pip.unlink()


def certificate(environment: Mapping[str, str]) -> str:
    """Return the file of certificate authorities that this host's package index needs, or nothing."""
    return next((environment[name] for name in _CERTIFICATES if environment.get(name)), "")


def proxies(environment: Mapping[str, str]) -> list[str]:
    """Return the variables that name this host's proxies; builders pass their values on unrecorded."""
    return [name for name in _PROXIES if environment.get(name)]


def pip_settings(listing: str) -> str:
    """Return what matters of ``pip config list`` as a configuration file of pip's.

    Files of this host cannot be reached from a build and are left out.
    """
    found: dict[str, str] = {}
    for line in listing.splitlines():
        name, _, quoted = line.partition("=")
        option = name.rpartition(".")[2]
        if option in _SETTINGS and name.startswith(("global.", "install.", ":env:.")):
            values = str(ast.literal_eval(quoted)).split()
            found[option] = " ".join(v for v in values if not v.startswith(("file:", "/")))
    lines = [f"{option} = {value}" for option, value in found.items() if value]
    return "\n".join(["[global]", *lines, ""])


def _pip_says() -> str:
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout if done.returncode == 0 else ""
