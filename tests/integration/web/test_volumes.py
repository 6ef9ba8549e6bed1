"""Resetting volumes, on a real Docker engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from labyard.core.errors import Busy, Refused
from labyard.core.locks import UserLocks
from labyard.core.models import Mount, Owner, ServerPlan
from labyard.engines.base import Engine
from labyard.settings.schema import Settings
from labyard.volumes.reset import Reset
from labyard.volumes.sizes import Sizes
from labyard.volumes.transfers import Reading
from tests.contract.engine.places import Place
from tests.contract.engine.places import place as new_place

SETTINGS = Settings().volumes
ALICE = Owner(7, "alice")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A new installation on Docker, swept away afterwards."""
    here = await new_place("docker", "unix:///var/run/docker.sock", tmp_path)
    yield here
    for engine in here.opened:
        await engine.close()
    await here.sweep()


@pytest.fixture
def engine(place: Place) -> Engine:
    return place.engine()


@pytest.fixture
def locks(tmp_path: Path) -> UserLocks:
    return UserLocks(tmp_path)


@pytest.fixture
def reset(engine: Engine, locks: UserLocks, place: Place) -> Reset:
    return Reset(SETTINGS, engine, locks, place.names, Sizes(engine, place.names), Reading())


def plan(place: Place, owner: Owner = ALICE) -> ServerPlan:
    """Return the plan of a lab with two volumes of its owner's."""
    keys = ("home", "cache")
    names = {key: place.names.volume(owner.name, key) for key in keys}
    return replace(
        place.plan(owner.name, user_id=owner.id),
        mounts=tuple(Mount(key, names[key], f"/data/{key}") for key in keys),
        volume_labels={
            name: place.names.volume_labels(owner.id, owner.name, key)
            for key, name in names.items()
        },
    )


async def volumes(engine: Engine) -> set[str]:
    return {volume.name for volume in await engine.volumes()}


async def test_only_the_chosen_volume_goes_and_only_its_owners(
    reset: Reset, engine: Engine, place: Place
) -> None:
    for owner in (ALICE, Owner(8, "bob")):
        await engine.create(plan(place, owner))
    before = await volumes(engine)

    assert await reset(ALICE, ["cache"]) == ("cache",)
    assert before - await volumes(engine) == {place.names.volume("alice", "cache")}


async def test_a_running_lab_keeps_its_volumes(reset: Reset, engine: Engine, place: Place) -> None:
    lab = await engine.create(plan(place))
    await engine.start(lab.name)
    before = await volumes(engine)

    with pytest.raises(Busy, match="running"):
        await reset(ALICE, ["cache"])
    assert await volumes(engine) == before


async def test_another_action_of_the_same_user_comes_first(
    reset: Reset, locks: UserLocks, engine: Engine, place: Place
) -> None:
    await engine.create(plan(place))
    async with locks.hold(ALICE.id, "starting the server"):
        with pytest.raises(Busy, match="starting the server"):
            await reset(ALICE, ["cache"])
    assert place.names.volume("alice", "cache") in await volumes(engine)


@pytest.mark.parametrize("keys", [[], ["shared"], ["nothing"], ["cache", "cache"], ["home", "x"]])
async def test_what_cannot_be_reset_is_refused_before_anything_goes(
    keys: list[str], reset: Reset, engine: Engine, place: Place
) -> None:
    await engine.create(plan(place))
    before = await volumes(engine)
    with pytest.raises(Refused):
        await reset(ALICE, keys)
    assert await volumes(engine) == before


async def test_a_volume_that_is_not_there_yet_is_no_error(reset: Reset) -> None:
    assert await reset(ALICE, ["cache"]) == ()
