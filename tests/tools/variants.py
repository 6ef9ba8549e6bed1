"""Lab images with one thing wrong, each one layer on the image under test."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

import docker

_PACKAGES = "/opt/lab/lib/python3*/site-packages"
_LABEL = "org.labyard.test-variant"

LAB = os.environ.get("LABYARD_LABS__IMAGE", "labyard/lab:latest")


@contextmanager
def variant(client: docker.DockerClient, name: str, line: str) -> Iterator[str]:
    """Give the tag of an image in which the shell ran ``line`` as root, where Python packages are."""
    tag = f"labyard-test/{name}:{os.getpid()}"
    recipe = f"FROM {LAB}\nUSER 0\nRUN cd {_PACKAGES} && {line}\nUSER 1000:1000\n"
    client.images.build(
        fileobj=io.BytesIO(recipe.encode()), tag=tag, labels={_LABEL: name}, rm=True, forcerm=True
    )
    try:
        yield tag
    finally:
        client.images.remove(tag, force=True)
