"""Looking at labs in the background, on a real Docker engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from labyard.core.errors import EngineUnreachable
from labyard.core.models import Lab, LabStatus
from labyard.core.names import SERVER, USER_ID
from labyard.engines.base import Engine
from labyard.web.figures import Figures
from labyard.web.sampler import Sampler
from tests.contract.engine.places import Place, ask, eventually, running
from tests.contract.engine.places import place as new_place
from tests.tools.faulty_socket import FaultySocket, Mode

DOCKER = "unix:///var/run/docker.sock"
STATS = r"GET .*/stats\?"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A new installation on Docker, swept away afterwards."""
    here = await new_place("docker", DOCKER, tmp_path)
    yield here
    await here.leave()


@pytest.fixture
def faulty(tmp_path: Path) -> AsyncIterator[FaultySocket]:
    with FaultySocket(tmp_path / "docker.sock") as socket:
        yield socket  # type: ignore[misc]


@pytest.fixture
def engine(place: Place, faulty: FaultySocket) -> Engine:
    return place.engine(url=faulty.url, timeout=10)


@pytest.fixture
async def figures(engine: Engine) -> AsyncIterator[Figures]:
    figures = Figures(engine)
    yield figures
    await figures.close()


def whose(lab: Lab) -> tuple[int, str]:
    return int(lab.labels[USER_ID]), lab.labels[SERVER]


async def test_the_sampler_sees_labs_volumes_and_what_they_use(
    engine: Engine, place: Place
) -> None:
    lab = await engine.create(place.plan())
    sampler = Sampler(engine)
    await sampler.look()
    assert sampler.snapshot.usage(*whose(lab)) == ()

    await engine.start(lab.name)
    await sampler.look()
    await sampler.figures.survey(sampler.snapshot.labs.values())
    seen = sampler.snapshot.lab(*whose(lab))
    assert seen is not None
    assert (seen.id, seen.status) == (lab.id, LabStatus.RUNNING)
    assert [usage.memory > 0 for usage in sampler.snapshot.usage(*whose(lab))] == [True]
    assert len(sampler.snapshot.volumes) == 1
    assert sampler.snapshot.error is None

    await engine.stop(lab.name, 0)
    await sampler.look()
    assert sampler.snapshot.usage(*whose(lab)) == ()


async def test_an_engine_that_goes_away_leaves_what_was_seen_and_says_so(
    engine: Engine, place: Place, faulty: FaultySocket
) -> None:
    lab = await engine.create(place.plan())
    sampler = Sampler(engine)
    await sampler.look()
    faulty.refuse()
    await sampler.look()
    assert isinstance(sampler.snapshot.error, EngineUnreachable)
    assert sampler.snapshot.labs[str(whose(lab)[0]), ""].id == lab.id


async def test_labs_that_somebody_looks_at_are_followed_by_one_stream_each(
    engine: Engine, place: Place, figures: Figures, faulty: FaultySocket
) -> None:
    labs = [await running(engine, place.plan(server=name, mounts=())) for name in ("a", "b")]
    with faulty.fault(STATS + "stream=1", Mode.DELAY, seconds=0) as streams:
        for _ in range(5):  # five pages, or one that asks five times
            figures.look(labs[:1])
        await eventually(lambda: told(figures, labs[0], 2))
        burning = asyncio.create_task(ask(labs[0], "burn", count=10**12))
        await eventually(lambda: busy(figures, labs[0]))
        burning.cancel()
    assert len(streams.seen) == 1
    assert labs[1].id not in figures.history


async def told(figures: Figures, lab: Lab, many: int) -> bool:
    return len(figures.history.get(lab.id, ())) >= many


async def busy(figures: Figures, lab: Lab) -> bool:
    # On a machine that does other things as well, all labs together may get no more than one program.
    return figures.history[lab.id][-1].cpu > 0.1


async def test_a_survey_leaves_out_what_is_followed(
    engine: Engine, place: Place, figures: Figures, faulty: FaultySocket
) -> None:
    labs = [await running(engine, place.plan(server=name, mounts=())) for name in ("a", "b")]
    figures.look(labs[:1])
    with faulty.fault(STATS + "stream=0", Mode.DELAY, seconds=0) as asked:
        await figures.survey(labs)
    assert asked.seen
    assert all(labs[1].id in line for line in asked.seen)
    assert labs[1].id in figures.history


async def test_a_stream_ends_when_nobody_looks_any_more(engine: Engine, place: Place) -> None:
    lab = await running(engine, place.plan())
    now = 0.0
    figures = Figures(engine, clock=lambda: now)
    figures.look([lab])
    await eventually(lambda: told(figures, lab, 1))
    now = 31.0
    await eventually(lambda: closed(figures), seconds=10)
    figures.look([lab])
    assert len(figures.open) == 1
    await figures.close()


async def closed(figures: Figures) -> bool:
    return not figures.open


async def test_a_stream_ends_with_its_lab_and_begins_anew_with_the_next(
    engine: Engine, place: Place, figures: Figures
) -> None:
    plan = place.plan()
    lab = await running(engine, plan)
    figures.look([lab])
    await eventually(lambda: told(figures, lab, 1))
    await engine.remove(lab.name)
    await eventually(lambda: closed(figures), seconds=15)
    again = await running(engine, plan)
    figures.look([again])
    await eventually(lambda: told(figures, again, 1))


async def test_a_stream_ends_with_an_outage_and_comes_back(
    engine: Engine, place: Place, figures: Figures, faulty: FaultySocket
) -> None:
    lab = await running(engine, place.plan())
    figures.look([lab])
    await eventually(lambda: told(figures, lab, 1))
    faulty.refuse()
    await eventually(lambda: closed(figures), seconds=30)
    faulty.listen()
    before = figures.history[lab.id][-1].taken
    figures.look([lab])
    await eventually(lambda: later(figures, lab, before))


async def later(figures: Figures, lab: Lab, than: object) -> bool:
    return figures.history[lab.id][-1].taken > than  # type: ignore[operator]
