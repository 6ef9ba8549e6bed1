"""What labs use, told again and again, the same on every engine."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from labyard.core.models import LabStatus, Usage
from labyard.engines.base import Engine
from tests.contract.engine.places import Place, ask, running

BURN = 10**12  # squares: for longer than any test
IDLE, BUSY = 0.03, 0.1  # cores


async def test_a_followed_lab_tells_within_seconds_when_it_gets_busy(
    place: Place, engine: Engine
) -> None:
    lab = await running(engine, place.plan())
    await ask(lab, "environ")  # it listens
    async with aclosing(engine.follow(lab.name)) as told:
        idle = await anext(told)
        for _ in range(30):  # its start is over
            if idle.cpu <= IDLE:
                break
            idle = await anext(told)
        assert 0 <= idle.cpu <= IDLE
        assert idle.memory > 2**20
        burning = asyncio.create_task(ask(lab, "burn", count=BURN))
        busy = [await anext(told)]
        # How soon it gets a core depends on who else wants one.
        while busy[-1].cpu < BUSY and len(busy) < 10:
            busy.append(await anext(told))
        burning.cancel()
    assert busy[-1].cpu >= BUSY
    assert datetime.now(UTC) - busy[-1].taken < timedelta(minutes=1)
    assert [usage.taken for usage in busy] == sorted({usage.taken for usage in busy})


async def test_following_ends_with_its_lab(place: Place, engine: Engine) -> None:
    lab = await running(engine, place.plan())
    async with aclosing(engine.follow(lab.name)) as told:
        await anext(told)
        await engine.stop(lab.name, 0)
        async with asyncio.timeout(30):
            assert [usage async for usage in told][5:] == []


async def test_a_lab_that_was_restarted_can_be_followed_again(place: Place, engine: Engine) -> None:
    lab = await running(engine, place.plan())
    async with aclosing(engine.follow(lab.name)) as before:
        await anext(before)
        await engine.restart(lab.name, 1)
    async with aclosing(engine.follow(lab.name)) as after:
        assert (await anext(after)).memory > 2**20


async def test_a_survey_tells_of_the_labs_it_was_asked_for_that_run(
    place: Place, engine: Engine
) -> None:
    plans = [place.plan(server=server, mounts=()) for server in ("a", "b", "c", "d")]
    for plan in plans[:3]:
        await running(engine, plan)
    stopped = await engine.create(plans[3])
    assert stopped.status is LabStatus.CREATED
    asked = [plan.name for plan in (plans[0], plans[1], plans[3])]

    found = await engine.survey(asked)
    assert found.keys() == set(asked[:2])
    burning = asyncio.create_task(ask(await _lab(engine, asked[0]), "burn", count=BURN))
    await asyncio.sleep(2)
    again = await engine.survey(asked)
    burning.cancel()
    assert again[asked[0]].cpu > max(0.05, again[asked[1]].cpu)
    assert all(isinstance(usage, Usage) and usage.memory > 2**20 for usage in again.values())


async def _lab(engine: Engine, name: str):  # type: ignore[no-untyped-def]
    lab = await engine.lab(name)
    assert lab is not None
    return lab
