"""Fetching an image, from a real registry on loopback (Debian's docker-registry)."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labyard.core.errors import EngineError, EngineUnreachable
from tests.contract.engine.places import Place
from tests.tools.faulty_socket import FaultySocket, Mode

PORT = 21420
_CONFIG = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: 127.0.0.1:{port}}}
log: {{level: error}}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry that only this machine sees; engines take loopback ones without TLS."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.fail("docker-registry is not installed: apt-get install docker-registry")
    root = tmp_path_factory.mktemp("registry")
    config = root / "config.yml"
    config.write_text(_CONFIG.format(root=root / "store", port=PORT))
    server = subprocess.Popen(
        [program, "serve", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=(root / "log").open("wb"),
    )
    try:
        _wait(server, root / "log")
        yield f"127.0.0.1:{PORT}"
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError("the registry never listened")


@pytest.fixture
async def image(docker_only: Place, registry: str) -> str:
    """The image's name in the registry; it is there, and not on the engine."""
    name = f"{registry}/{docker_only.names.installation}"
    async with docker_only.client() as d:
        await d._query_json(
            "images/create", "POST", params={"fromSrc": "-", "repo": name}, data=_layer()
        )
        await d.images.push(name, tag="latest", auth={"username": "", "password": ""})
        await d.images.delete(f"{name}:latest")
    return f"{name}:latest"


def _layer() -> bytes:
    """Return a tar that no engine has seen and no compression makes small."""
    content = os.urandom(10 * 2**20)
    entry = tarfile.TarInfo("content")
    entry.size = len(content)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


@pytest.fixture
def docker_only(containers: Place) -> Place:
    """Podman wants its registries.conf changed for a registry without TLS: not ours to do."""
    if containers.kind == "podman":
        pytest.skip("declared: Podman 4.3 takes no registry without TLS, on loopback either")
    return containers


async def test_a_pull_fetches_the_image(docker_only: Place, image: str) -> None:
    engine = docker_only.engine()
    assert not await engine.has_image(image)
    told = [progress async for progress in engine.pull(image)]
    assert await engine.has_image(image)
    assert all(p.done <= p.total for p in told)
    assert told[-1].done == told[-1].total > 8 * 2**20
    async with docker_only.client() as d:
        await d.images.delete(image)


async def test_a_pull_of_nothing_says_so(docker_only: Place, registry: str) -> None:
    engine = docker_only.engine()
    with pytest.raises(EngineError) as caught:
        async for _ in engine.pull(f"{registry}/none:latest"):
            pass
    assert not isinstance(caught.value, EngineUnreachable)
    with pytest.raises(EngineError):
        async for _ in engine.pull("127.0.0.1:1/none:latest"):
            pass


async def test_a_pull_that_breaks_off_is_no_success(
    docker_only: Place, image: str, tmp_path: Path
) -> None:
    with FaultySocket(tmp_path / "engine.sock", docker_only.url) as faulty:
        engine = docker_only.engine(url=faulty.url)
        with (
            faulty.fault("POST .*/images/create", Mode.DROP),
            pytest.raises(EngineUnreachable),
        ):
            async for _ in engine.pull(image):
                pass
