"""What every suite shares: one installation on the real engine, and a sweep by its label."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import hypothesis
import pytest

from labyard.core.names import INSTALLATION
from tests.tools import order
from tests.tools import postgres as postgresql
from tests.tools.person import Person
from tests.tools.yard import Yard

# A machine that does other things as well is slow now and then.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: order.place(item.path))


@pytest.fixture(scope="session")
def engine_client() -> Iterator[docker.DockerClient]:
    """A client of its own, so that what Labyard says is checked against what the engine says."""
    client = docker.from_env(timeout=120)
    yield client
    client.close()


def sweep(client: docker.DockerClient, installation: str) -> None:
    """Remove everything that carries an installation's label, and nothing else."""
    mine = {"filters": {"label": f"{INSTALLATION}={installation}"}}
    for container in client.containers.list(all=True, **mine):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(**mine):
        volume.remove(force=True)
    for network in client.networks.list(**mine):
        network.remove()


@pytest.fixture(scope="session")
def make_yard(
    tmp_path_factory: pytest.TempPathFactory, engine_client: docker.DockerClient
) -> Iterator[Callable[..., Yard]]:
    """Make installations that are swept away at the end of the session."""
    made: list[Yard] = []

    def make(**settings: Any) -> Yard:
        yard = Yard(tmp_path_factory.mktemp("yard"), **settings)
        made.append(yard)
        return yard

    yield make
    for yard in made:
        if not yard.emptied:
            yard.down(labs=True)
        sweep(engine_client, yard.installation)


@pytest.fixture(scope="session")
def yard(make_yard: Callable[..., Yard]) -> Yard:
    """One installation that is up, for all tests that leave it as they found it."""
    place = make_yard(site={"patterns": True})
    place.up()
    return place


@pytest.fixture(scope="session")
def admin(yard: Yard) -> Person:
    """The first administrator of ``yard``, signed in."""
    return yard.bootstrap()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """A PostgreSQL server; each call makes an empty database and returns its URL."""
    with postgresql.serving() as make:
        yield make


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where pictures are kept."""
    path = Path(__file__).parents[1] / "test-artefacts"
    path.mkdir(exist_ok=True)
    return path
