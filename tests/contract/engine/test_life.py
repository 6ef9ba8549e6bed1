"""A lab's life, the same on every engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from labyard.core.errors import Busy, EngineError, NotFound
from labyard.core.models import LabStatus
from labyard.engines.base import Engine
from tests.contract.engine.places import Place, ask, running


async def test_a_lab_is_created_started_stopped_started_again_and_removed(
    place: Place, engine: Engine
) -> None:
    plan = place.plan()
    created = await engine.create(plan)
    assert (created.name, created.status, created.host) == (plan.name, LabStatus.CREATED, None)
    assert created.labels.items() >= plan.labels.items()

    started = await engine.start(plan.name)
    assert (started.id, started.status) == (created.id, LabStatus.RUNNING)
    assert started.started_at is not None
    assert (await ask(started, "environ"))["PLAIN"] == "seen"

    await engine.stop(plan.name, 2)
    stopped = await engine.lab(plan.name)
    assert stopped is not None
    assert (stopped.status, stopped.host) == (LabStatus.STOPPED, None)
    assert stopped.exit_code is not None

    again = await engine.start(plan.name)
    assert (again.id, again.host) == (created.id, started.host)
    assert await ask(again, "environ")

    await engine.remove(plan.name)
    assert await engine.lab(plan.name) is None
    assert await engine.labs() == []


async def test_absent_labs_are_stopped_removed_and_none(place: Place, engine: Engine) -> None:
    name = place.names.lab("nobody")
    await engine.stop(name, 1)
    await engine.remove(name)
    assert await engine.lab(name) is None
    assert [usage async for usage in engine.follow(name)] == []
    assert await engine.survey([name]) == {}
    for ask_for in (engine.start(name), engine.restart(name, 1), engine.logs(name)):
        with pytest.raises(NotFound):
            await ask_for


async def test_restart_keeps_id_and_address_and_gives_a_new_start_time(
    place: Place, engine: Engine
) -> None:
    before = await running(engine, place.plan())
    await ask(before, "write", path="/tmp/kept", content="x") if place.kind != "local" else None
    after = await engine.restart(before.name, 2)
    assert (after.id, after.host, after.port) == (before.id, before.host, before.port)
    assert after.status is LabStatus.RUNNING
    assert before.started_at is not None
    assert after.started_at is not None
    assert after.started_at > before.started_at
    assert (await ask(after, "environ"))["PLAIN"] == "seen"


async def test_a_volume_outlives_its_lab_until_it_is_removed(place: Place, engine: Engine) -> None:
    plan = place.plan()
    lab = await running(engine, plan)
    await ask(lab, "write", path="~/note", content="still here")
    volume = plan.mounts[0].source
    with pytest.raises(Busy):
        await engine.remove_volume(volume)
    await engine.remove(plan.name)
    assert [v.name for v in await engine.volumes()] == [volume]
    assert (await engine.volumes())[0].labels.items() >= plan.volume_labels[volume].items()

    lab = await running(engine, plan)
    assert await ask(lab, "read", path="~/note") == "still here"
    await engine.remove(plan.name)
    await engine.remove_volume(volume)
    assert await engine.volumes() == []
    with pytest.raises(NotFound):
        await engine.remove_volume(volume)


async def test_a_stopped_lab_is_replaced_and_a_running_one_is_not(
    place: Place, engine: Engine
) -> None:
    plan = place.plan()
    first = await running(engine, plan)
    with pytest.raises((Busy, EngineError)):
        await engine.create(replace(plan, environment={"PLAIN": "other"}))
    assert await engine.lab(plan.name) == first  # and the refusal took nothing away
    await engine.stop(plan.name, 2)
    second = await engine.create(replace(plan, environment={"PLAIN": "other"}))
    assert second.id != first.id
    assert (await ask(await engine.start(plan.name), "environ"))["PLAIN"] == "other"
    assert [lab.id for lab in await engine.labs()] == [second.id]


async def test_a_lab_that_ends_tells_its_exit_code_and_last_words(
    place: Place, engine: Engine
) -> None:
    words = "import sys; print('to output'); print('to error', file=sys.stderr); sys.exit(7)"
    await running(engine, place.plan(command=("python3", "-c", words)))
    name = place.plan().name
    for _ in range(100):
        lab = await engine.lab(name)
        if lab is not None and lab.status is LabStatus.STOPPED:
            break
        await asyncio.sleep(0.1)
    assert lab is not None
    assert (lab.status, lab.exit_code) == (LabStatus.STOPPED, 7)
    log = await engine.logs(name)
    assert "to output" in log
    assert "to error" in log
    assert len((await engine.logs(name, 1)).splitlines()) == 1


async def test_a_long_list_of_labs_is_whole(place: Place, engine: Engine) -> None:
    many = 20 if place.kind == "podman" else 60  # Podman takes most of a second to create one
    plans = [place.plan(server=f"s{n}", prefix=24, mounts=()) for n in range(many)]
    for at in range(0, many, 10):
        await asyncio.gather(*(engine.create(plan) for plan in plans[at : at + 10]))
    labs = await engine.labs()
    assert {lab.name for lab in labs} == {plan.name for plan in plans}
    assert {lab.status for lab in labs} == {LabStatus.CREATED}


async def test_it_says_what_it_is(place: Place, engine: Engine) -> None:
    info = await engine.info()
    assert info.kind == place.kind.removesuffix("-newer")
    assert info.version
    assert info.isolated is (place.kind != "local")
    assert await engine.has_image(place.plan().image)


async def test_names_cannot_lead_elsewhere(place: Place, engine: Engine) -> None:
    for name in ("../volumes", "a/b", "", ".", "a?force=1", "a%2fb"):
        for asked in (engine.lab(name), engine.remove(name), engine.remove_volume(name)):
            with pytest.raises(Exception, match=r".") as caught:
                await asked
            assert getattr(caught.value, "status", 500) in (400, 404)
