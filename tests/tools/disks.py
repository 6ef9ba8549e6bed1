"""Volumes with a size of their own: a file system in a file, mounted by the engine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import docker

from labyard.core.names import INSTALLATION


@contextmanager
def small_volume(
    client: docker.DockerClient,
    name: str,
    labels: Mapping[str, str],
    image: Path,
    size: int = 16 * 2**20,
) -> Iterator[Callable[..., str]]:
    """Make the volume ``name`` of ``size`` bytes, account 1000's. Gives what runs a shell line on it."""
    image.write_bytes(b"")
    with image.open("r+b") as file:
        file.truncate(size)
    run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "root_owner=1000:1000", str(image))
    device = run("losetup", "--find", "--show", str(image)).strip()
    options = {"type": "ext4", "device": device}
    try:
        volume = client.volumes.create(name, driver_opts=options, labels=dict(labels))

        def shell(line: str, user: str = "1000:1000") -> str:
            return str(
                client.containers.run(
                    "labyard/lab:latest",
                    ["sh", "-c", line],
                    user=user,
                    network_mode="none",
                    remove=True,
                    labels={INSTALLATION: labels[INSTALLATION]},
                    volumes={name: {"bind": "/v", "mode": "rw"}},
                ).decode()
            )

        yield shell
        volume.remove(force=True)
    finally:
        run("losetup", "--detach", device)


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
