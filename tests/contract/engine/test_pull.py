"""Fetching an image, from a real registry on loopback (Debian's docker-registry)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labyard.core.errors import EngineError, EngineUnreachable
from tests.contract.engine.places import Place
from tests.tools.faulty_socket import FaultySocket, Mode
from tests.tools.registry import layer
from tests.tools.registry import registry as serving


@pytest.fixture
def registry(plain_registry: Place, tmp_path: Path) -> Iterator[str]:
    """A registry that only this machine sees; engines take loopback ones without TLS."""
    with serving(tmp_path / "registry") as address:
        yield address


@pytest.fixture
async def image(plain_registry: Place, registry: str) -> str:
    """The image's name in the registry; it is there, and not on the engine."""
    name = f"{registry}/{plain_registry.names.installation}"
    async with plain_registry.client() as d:
        await d._query_json(
            "images/create", "POST", params={"fromSrc": "-", "repo": name}, data=layer(10 * 2**20)
        )
        await d.images.push(name, tag="latest", auth={"username": "", "password": ""})
        await d.images.delete(f"{name}:latest")
    return f"{name}:latest"


async def test_a_pull_fetches_the_image(plain_registry: Place, image: str) -> None:
    engine = plain_registry.engine()
    assert not await engine.has_image(image)
    told = [progress async for progress in engine.pull(image)]
    assert await engine.has_image(image)
    assert all(p.done <= p.total for p in told)
    assert told[-1].done == told[-1].total > 8 * 2**20
    async with plain_registry.client() as d:
        await d.images.delete(image)


async def test_a_pull_of_nothing_says_so(plain_registry: Place, registry: str) -> None:
    engine = plain_registry.engine()
    with pytest.raises(EngineError) as caught:
        async for _ in engine.pull(f"{registry}/none:latest"):
            pass
    assert not isinstance(caught.value, EngineUnreachable)
    with pytest.raises(EngineError):
        async for _ in engine.pull("127.0.0.1:1/none:latest"):
            pass


async def test_a_pull_that_breaks_off_is_no_success(
    plain_registry: Place, image: str, tmp_path: Path
) -> None:
    with FaultySocket(tmp_path / "engine.sock", plain_registry.url) as faulty:
        engine = plain_registry.engine(url=faulty.url)
        with (
            faulty.fault("POST .*/images/create", Mode.DROP),
            pytest.raises(EngineUnreachable),
        ):
            async for _ in engine.pull(image):
                pass
