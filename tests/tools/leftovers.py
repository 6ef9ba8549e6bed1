"""Installations of runs that were killed: noted while they live, cleared away before the next run.

Nothing is guessed from names: only what a run noted is touched, and only when that run has ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network
from pathlib import Path

import docker

from labyard.core.files import replace
from labyard.core.names import INSTALLATION
from labyard.core.processes import PidFile
from labyard.engines import firewall, host
from labyard.engines.firewall import Firewall

NOTES = Path("/var/tmp/labyard-test-installations")


def note(
    installation: str, block: str, settings: Path | None = None, *, notes: Path = NOTES
) -> None:
    """Note that this process has an installation, before anything of it is there."""
    notes.mkdir(exist_ok=True)
    told = {"block": block, "settings": str(settings or "")}
    # In this order: what has a .json and no living process is cleared.
    PidFile(notes / f"{installation}.pid").write(os.getpid())
    replace(notes / f"{installation}.json", json.dumps(told))


def forget(installation: str, *, notes: Path = NOTES) -> None:
    """Forget an installation of which nothing is left."""
    for kind in ("json", "pid"):
        (notes / f"{installation}.{kind}").unlink(missing_ok=True)


def clear(client: docker.DockerClient, *, notes: Path = NOTES) -> None:
    """Remove what is left of installations whose run has ended without doing so itself."""
    with _alone(notes):
        for file in sorted(notes.glob("*.json")):
            if PidFile(file.with_suffix(".pid")).pid() is not None:
                continue
            try:
                told = json.loads(file.read_text())
            except FileNotFoundError:
                continue  # its own run has just forgotten it
            _clear(client, file.stem, told)
            forget(file.stem, notes=notes)


def sweep(client: docker.DockerClient, installation: str) -> None:
    """Remove everything that carries an installation's label, and nothing else."""
    mine = {"filters": {"label": f"{INSTALLATION}={installation}"}}
    for container in client.containers.list(all=True, ignore_removed=True, **mine):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(**mine):
        volume.remove(force=True)
    for network in client.networks.list(**mine):
        network.remove()


def _clear(client: docker.DockerClient, installation: str, told: dict[str, str]) -> None:
    settings = Path(told["settings"])
    if settings.is_file():  # hub and proxy still run, perhaps
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [sys.executable, "-m", "labyard.cli.main", "down", "--labs"],
                cwd=settings.parent,
                env={**os.environ, "LABYARD_CONFIG": str(settings)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=120,
            )
    sweep(client, installation)
    block = IPv4Network(told["block"])
    address = host.hub_address(block)
    firewall.remove(Firewall(installation, block, address, 0))
    host.remove_address(address)


@contextmanager
def _alone(notes: Path) -> Iterator[None]:
    """Let one process of a run clear up while the others wait."""
    notes.mkdir(exist_ok=True)
    with (notes / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
