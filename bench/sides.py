"""What the benchmark needs of a side: bring it up, start its hub anew, take it away."""

from __future__ import annotations

import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

LABEL = "org.labyard.installation"
HOST = "127.0.0.1"


class Side(ABC):
    """One of the two that are measured. ``url`` is its base URL, ``token`` an admin's."""

    name: str
    label: str
    directory: Path
    url: str
    token: str

    @abstractmethod
    def up(self) -> None:
        """Bring it up in a directory of its own and wait until it answers."""

    @abstractmethod
    def down(self) -> None:
        """Stop it and remove all it made. May be called at any time, and twice."""

    @abstractmethod
    def stop_hub(self) -> None:
        """Stop the hub alone; proxy and labs go on."""

    @abstractmethod
    def start_hub(self) -> None:
        """Start the hub's process, without waiting for it."""

    @abstractmethod
    def container(self, user: str) -> str:
        """Return the name of a user's container."""

    @abstractmethod
    def prepare(self, user: str) -> None:
        """Do what must be done before a user's first start."""


def docker(*arguments: str, check: bool = True) -> str:
    """Run the Docker client and return what it printed."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    if check and done.returncode:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def sweep(label: str) -> None:
    """Remove every container, network and volume that carries ``label``, and no other."""
    this = f"label={LABEL}={label}"
    for listed, removed in (
        (("ps", "-aq"), ("rm", "-f", "-v")),
        (("network", "ls", "-q"), ("network", "rm")),
        (("volume", "ls", "-q"), ("volume", "rm", "-f")),
    ):
        if found := docker(*listed, "--filter", this).split():
            docker(*removed, *found, check=False)


def tail(log: Path) -> str:
    """Return the end of a log, for an error message."""
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""


PYTHON = sys.executable
