"""One contract, every engine: ``place`` is each of them, ``containers`` those with containers.

``LABYARD_TEST_ENGINES`` names the engines (default ``docker,podman,local``); one that is named and does
not run fails its tests.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from labyard.engines.base import Engine
from tests.contract.engine.places import DOCKER, Place, podman
from tests.contract.engine.places import place as new_place
from tests.tools import leftovers

ENGINES = os.environ.get("LABYARD_TEST_ENGINES", "docker,podman,local").split(",")


# Declared in docs/explanation/isolation.md, "Where it ends": for these there is no such test.
WITHOUT = {
    "containers": {"local"},
    "plain_registry": {"podman"},
    "takes_gpus": {"podman"},
    "looked_at_at_once": {"podman"},
    "takes_cdi": {"docker", "podman"},
}

collect_ignore = [] if "docker-newer" in ENGINES else ["test_cdi.py"]


def pytest_configure(config: pytest.Config) -> None:
    if "docker-newer" in ENGINES and len(ENGINES) > 1:
        raise pytest.UsageError("docker-newer runs alone: it moves its tests to another network")


def pytest_generate_tests(metafunc: Any) -> None:
    if "place" in metafunc.fixturenames:
        without = set().union(*(WITHOUT.get(name, ()) for name in metafunc.fixturenames))
        kinds = [kind for kind in ENGINES if kind not in without]
        metafunc.parametrize("place", kinds, indirect=True)


@pytest.fixture(scope="session")
def services(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The addresses of the engines that are up, filled as they are needed."""
    if "docker" in ENGINES:
        leftovers.clear(request.getfixturevalue("engine_client"))
    with ExitStack() as stack:
        yield _Services(stack, tmp_path_factory.mktemp("engines"))


class _Services(dict[str, str]):
    def __init__(self, stack: ExitStack, run: Path) -> None:
        super().__init__({"docker": DOCKER, "local": ""})
        self._stack, self._run = stack, run

    def __missing__(self, kind: str) -> str:
        if kind == "podman":
            self[kind] = self._stack.enter_context(podman(self._run))
        elif kind == "docker-newer":
            from tests.tools.newer_docker import newer_docker

            self[kind] = self._stack.enter_context(newer_docker())
        else:
            raise KeyError(kind)
        return self[kind]


@pytest.fixture
async def place(
    request: pytest.FixtureRequest, services: dict[str, str], tmp_path: Path
) -> AsyncIterator[Place]:
    """A new installation on an engine; everything of it is removed afterwards."""
    kind = request.param
    here = await new_place(kind, services[kind], tmp_path)
    yield here
    await here.leave()


@pytest.fixture
def containers(place: Place) -> Place:
    """A place whose labs are containers, not processes of this machine."""
    return place


def _of_those(doc: str) -> Any:
    """Return a fixture: ``containers`` without the engines that ``WITHOUT`` has under its name."""

    def narrowed(containers: Place) -> Place:
        return containers

    narrowed.__doc__ = doc
    return pytest.fixture(narrowed)


plain_registry = _of_those("An engine that takes a registry without TLS on loopback, unasked.")
takes_gpus = _of_those("An engine that does something with requests for GPUs.")
looked_at_at_once = _of_those("An engine that answers while a container of half a second is there.")
takes_cdi = _of_those("An engine that knows CDI, which came with Docker 25.")


@pytest.fixture
def engine(place: Place) -> Engine:
    """The installation's engine."""
    return place.engine()
