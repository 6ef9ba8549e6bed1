"""An engine that is slow, ill or away: what is known stays known, and nothing is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from labyard.core.errors import EngineError, EngineUnreachable
from labyard.core.models import Lab, LabStatus
from labyard.engines.base import Engine
from tests.contract.engine.places import Place, eventually, running
from tests.tools.faulty_socket import FaultySocket, Mode

NOTHING = {"containers": [], "volumes": [], "networks": []}
CREATE = r"POST .*/containers/create"


@pytest.fixture
def faulty(containers: Place, tmp_path: Path) -> Iterator[FaultySocket]:
    """A socket in front of the place's engine."""
    with FaultySocket(tmp_path / "engine.sock", containers.url) as socket:
        yield socket


def _impatient(place: Place, faulty: FaultySocket) -> Engine:
    """Return an engine that soon gives up; Podman alone takes seconds for a call at times."""
    patience = 6.0 if place.kind == "podman" else 3.0
    return place.engine(url=faulty.url, timeout=patience, pauses=(0.0, 1.0, 2.0))


async def _nothing_left(place: Place) -> bool:
    async with place.client() as d:
        volumes = (await d.volumes.list())["Volumes"] or []
    unlabelled = [v for v in volumes if v["Name"].startswith(place.names.installation)]
    return await place.objects() == NOTHING and not unlabelled


async def test_every_question_to_an_engine_that_does_not_answer_is_unreachable(
    containers: Place, faulty: FaultySocket, tmp_path: Path
) -> None:
    lab = await running(containers.engine(), containers.plan())
    away = containers.engine(url=f"unix://{tmp_path}/none.sock")
    patient, hasty = (containers.engine(url=faulty.url, timeout=t) for t in (30, 1.0))

    await _everything_is_unreachable(containers, away, lab)
    faulty.add(".", Mode.DROP)
    await _everything_is_unreachable(containers, patient, lab)
    faulty.clear()
    faulty.add(".", Mode.ERROR)
    await _everything_is_unreachable(containers, patient, lab)
    faulty.clear()
    faulty.refuse()
    await _everything_is_unreachable(containers, patient, lab)
    faulty.listen()
    faulty.add(".", Mode.DELAY, seconds=60)
    await _everything_is_unreachable(containers, hasty, lab)
    for engine in (patient, hasty):  # what could not be told before is not to happen now
        await engine.close()
    faulty.clear()

    assert await containers.engine().lab(lab.name) == lab, "nothing was lost"


async def _everything_is_unreachable(place: Place, engine: Engine, lab: Lab) -> None:
    async def pull() -> None:
        async for _ in engine.pull("labyard/none:latest"):
            pass

    asked = {
        "info": engine.info(),
        "has_image": engine.has_image(place.plan().image),
        "pull": pull(),
        "create": engine.create(place.plan(server="new")),
        "start": engine.start(lab.name),
        "stop": engine.stop(lab.name, 0),
        "restart": engine.restart(lab.name, 0),
        "remove": engine.remove(lab.name),
        "lab": engine.lab(lab.name),
        "labs": engine.labs(),
        "logs": engine.logs(lab.name),
        "follow": anext(engine.follow(lab.name)),
        "survey": engine.survey([lab.name]),
        "volumes": engine.volumes(),
        "remove_volume": engine.remove_volume(place.plan().mounts[0].source),
    }
    answers = await asyncio.gather(*asked.values(), return_exceptions=True)
    for question, answer in zip(asked, answers, strict=True):
        assert isinstance(answer, EngineUnreachable), (question, answer)
        assert answer.remedy


async def test_all_is_well_when_the_engine_returns(containers: Place, faulty: FaultySocket) -> None:
    engine = containers.engine(url=faulty.url)
    lab = await running(engine, containers.plan())
    faulty.refuse()
    with pytest.raises(EngineUnreachable):
        await engine.lab(lab.name)
    faulty.listen()
    assert await engine.lab(lab.name) == lab


async def test_a_held_call_delays_nobody_else(containers: Place, faulty: FaultySocket) -> None:
    engine = containers.engine(url=faulty.url)
    held_plan, other_plan = containers.plan("held"), containers.plan("other")
    with faulty.fault(f"{CREATE}.*{held_plan.name}", Mode.DELAY, seconds=60) as fault:
        held = asyncio.create_task(engine.create(held_plan))
        await fault.met()
        other = await running(engine, other_plan)
        assert other.status is LabStatus.RUNNING
        assert len(await engine.labs()) == 1
        await engine.stop(other.name, 0)
        await engine.remove(other.name)
        assert not held.done(), "it was held all the time"
    assert (await held).status is LabStatus.CREATED


async def test_a_hundred_and_twenty_held_calls_delay_nobody_else(
    containers: Place, faulty: FaultySocket
) -> None:
    engine = containers.engine(url=faulty.url)
    with faulty.fault("GET .*/containers/.*nobody", Mode.DELAY, seconds=60):
        name = containers.names.lab("nobody")
        held = [asyncio.create_task(engine.lab(name)) for _ in range(120)]
        await asyncio.sleep(0.5)
        assert await engine.labs() == []
        assert not any(task.done() for task in held)
    assert await asyncio.gather(*held) == [None] * 120


async def test_the_version_is_asked_for_once_however_many_call_first(
    containers: Place, faulty: FaultySocket
) -> None:
    engine = containers.engine(url=faulty.url)
    with faulty.fault("GET /version", Mode.DELAY) as asked:
        await asyncio.gather(*(engine.labs() for _ in range(20)))
    assert len(asked.seen) == 1


async def test_a_lab_is_made_without_asking_what_takes_podman_seconds(
    containers: Place, faulty: FaultySocket
) -> None:
    engine = containers.engine(url=faulty.url)
    with faulty.fault("GET .*/info", Mode.ERROR) as asked:
        await engine.create(containers.plan())
    assert asked.seen == []


@pytest.mark.parametrize(
    ("step", "mode"),
    [
        (CREATE, Mode.LATE),  # made at once, told too late
        (CREATE, Mode.DELAY),  # made after nobody waits any more
        (CREATE, Mode.LOSE),
        (CREATE, Mode.ERROR),
        (r"POST .*/networks/create", Mode.LATE),
        (r"POST .*/networks/create", Mode.DELAY),
        (r"POST .*/volumes/create", Mode.DELAY),
        (r"PUT .*/archive", Mode.ERROR),
        (r"PUT .*/archive", Mode.LATE),
        (r"GET .*/containers/[0-9a-f]{64}/json", Mode.DROP),
    ],
)
async def test_a_create_that_fails_leaves_nothing_behind(
    containers: Place, faulty: FaultySocket, step: str, mode: Mode
) -> None:
    engine = _impatient(containers, faulty)
    times = 3 if mode is Mode.DROP else 1  # a question that breaks off is asked again
    with faulty.fault(step, mode, seconds=60, times=times) as fault:
        with pytest.raises(EngineUnreachable):
            await engine.create(containers.plan())
        assert fault.seen
        assert not await _idle(engine) or mode is not Mode.DELAY, "it may still come about"
        fault.release()
        await eventually(lambda: _settled(containers, engine))
    assert await containers.objects() == NOTHING


async def _settled(place: Place, engine: Engine) -> bool:
    """Nothing is there, and nothing is under way that could still make something."""
    return await _nothing_left(place) and await _idle(engine)


async def test_a_refused_create_leaves_nothing_behind_at_once(containers: Place) -> None:
    engine = containers.engine()
    with pytest.raises(EngineError, match="no such image") as caught:
        await engine.create(containers.plan(image="labyard/none:latest"))
    assert not isinstance(caught.value, EngineUnreachable)
    assert await _nothing_left(containers)


@pytest.mark.parametrize("step", [CREATE, r"POST .*/networks/create", r"PUT .*/archive"])
async def test_a_cancelled_create_leaves_nothing_behind(
    containers: Place, faulty: FaultySocket, step: str
) -> None:
    engine = containers.engine(url=faulty.url)
    with faulty.fault(step, Mode.DELAY, seconds=60, times=1) as fault:
        task = asyncio.create_task(engine.create(containers.plan()))
        await fault.met()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        fault.release()
        await eventually(lambda: _settled(containers, engine))


async def test_what_is_taken_back_late_spares_a_later_success(
    containers: Place, faulty: FaultySocket
) -> None:
    """The first attempt times out; the second one succeeds while the first is being taken back."""
    engine, plan = _impatient(containers, faulty), containers.plan()
    with faulty.fault(CREATE, Mode.LATE, seconds=60, times=1) as fault:
        with pytest.raises(EngineUnreachable):
            await engine.create(plan)
        lab = await running(containers.engine(url=faulty.url), plan)
        fault.release()
        await eventually(lambda: _idle(engine))
    assert await engine.lab(plan.name) == lab
    assert [v.name for v in await engine.volumes()] == [plan.mounts[0].source]


async def _idle(engine: Engine) -> bool:
    return engine._creations.settled  # type: ignore[attr-defined]


async def test_a_lost_answer_to_a_stop_is_unknown_not_gone(
    containers: Place, faulty: FaultySocket
) -> None:
    engine = containers.engine(url=faulty.url)
    lab = await running(engine, containers.plan())
    with (
        faulty.fault(r"POST .*/stop", Mode.LOSE, times=1),
        pytest.raises(EngineUnreachable),
    ):
        await engine.stop(lab.name, 0)
    seen = await engine.lab(lab.name)
    assert seen is not None
    assert seen.id == lab.id
