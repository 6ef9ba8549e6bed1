"""What every suite shares: one installation on the real engine, and a sweep by its label."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import hypothesis
import pytest

from tests.tools import leftovers, order
from tests.tools import postgres as postgresql
from tests.tools.person import Person
from tests.tools.yard import Yard

# A machine that does other things as well is slow now and then.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


# Installations of this process.
_made: list[Yard] = []
_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture(autouse=True)
def _left_as_found(request: pytest.FixtureRequest) -> Iterator[None]:
    """Bring up again what a test that failed has left down: the next one is not to fail for it."""
    running = [yard for yard in _made if yard.runs]
    yield
    if request.node.stash.get(_FAILED, False):
        for yard in running:
            yard.up()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: order.place(item.path))


@pytest.fixture(scope="session")
def engine_client() -> Iterator[docker.DockerClient]:
    """A client of its own, so that what Labyard says is checked against what the engine says."""
    client = docker.from_env(timeout=120)
    yield client
    client.close()


@contextmanager
def _making(
    directories: pytest.TempPathFactory, client: docker.DockerClient
) -> Iterator[Callable[..., Yard]]:
    """Give what makes installations; they end together, and nothing of them stays."""
    mine: list[Yard] = []

    def make(**settings: Any) -> Yard:
        yard = Yard(directories.mktemp("yard"), **settings)
        leftovers.note(yard.installation, yard.settings["network"]["block"], yard.file)
        mine.append(yard)
        _made.append(yard)
        return yard

    def end(yard: Yard) -> None:
        _made.remove(yard)
        if not yard.emptied:
            yard.down(labs=True)
        leftovers.sweep(client, yard.installation)
        leftovers.forget(yard.installation)

    yield make
    with ThreadPoolExecutor(4) as threads:  # each waits for its labs' grace
        list(threads.map(end, mine))


@pytest.fixture(scope="session")
def make_shared_yard(
    tmp_path_factory: pytest.TempPathFactory, engine_client: docker.DockerClient
) -> Iterator[Callable[..., Yard]]:
    """Make installations for several files, which end with the session."""
    leftovers.clear(engine_client)
    with _making(tmp_path_factory, engine_client) as make:
        yield make


@pytest.fixture(scope="module")
def make_yard(
    make_shared_yard: Callable[..., Yard],
    tmp_path_factory: pytest.TempPathFactory,
    engine_client: docker.DockerClient,
) -> Iterator[Callable[..., Yard]]:
    """Make installations for one file: a hub that nobody needs any more would go on computing."""
    with _making(tmp_path_factory, engine_client) as make:
        yield make


@pytest.fixture(scope="session")
def yard(make_shared_yard: Callable[..., Yard]) -> Yard:
    """One installation that is up, for all tests that leave it as they found it."""
    place = make_shared_yard(site={"patterns": True})
    place.up()
    Yard.shared = place
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
