"""What the hub is told of a lab whose start another hub began."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from jupyterhub.spawner import SpawnException
from tornado.web import HTTPError

from labyard.auth.native import LabyardAuthenticator
from labyard.core.errors import EngineError, EngineUnreachable
from labyard.core.store import prepare
from labyard.engines.local.engine import LocalEngine
from labyard.spawners.outcome import given_up
from labyard.spawners.progress import Progress
from labyard.spawners.spawner import LabSpawner


class Engine(LocalEngine):
    """The local engine, which may fail to remove a lab."""

    error: EngineError | None = None

    async def remove(self, name: str) -> None:
        if self.error is not None:
            raise self.error
        await super().remove(name)


@dataclass
class Place:
    engine: Engine
    audit: None = None


@dataclass
class Anna:
    name: str = "anna"
    id: int = 1


@pytest.mark.parametrize(
    ("error", "told"),
    [(None, 1), (EngineError("It is stuck."), 1), (EngineUnreachable("It is away."), None)],
)
async def test_a_forsaken_start_is_over_only_where_the_engine_answers(
    error: EngineError | None, told: int | None, tmp_path: Path
) -> None:
    engine = Engine("yard", tmp_path, tmp_path)
    engine.error = error

    class Spawner(LabSpawner):
        workplace = Place(engine)  # type: ignore[assignment]

    spawner = Spawner(user=Anna())
    spawner.load_state({"lab": "yard-anna", "starting": True})
    assert await spawner.poll() == told

    kept = spawner.get_state()["failed"]
    assert (kept["code"] if kept else None) == ("interrupted" if told else None)
    later = Spawner(user=Anna())
    later.load_state(spawner.get_state())
    later.clear_state()
    assert later.get_state()["failed"] == kept, "it outlives the hub and the lab"


async def test_a_server_that_would_answer_for_the_default_one_is_not_started(
    tmp_path: Path,
) -> None:
    class Spawner(LabSpawner):
        workplace = Place(Engine("yard", tmp_path, tmp_path))  # type: ignore[assignment]
        name = "api"

    with pytest.raises(SpawnException, match="api is part of every server's own address") as told:
        await Spawner(user=Anna()).start()
    assert told.value.status_code == 400


async def test_a_start_that_is_cut_short_is_told_later_too() -> None:
    begun = asyncio.Event()

    class Endless(LabSpawner):
        async def _in_turn(self, progress: Progress) -> str:
            begun.set()
            return await asyncio.Future()

    spawner = Endless(user=Anna())
    start = asyncio.create_task(spawner.start())
    await begun.wait()
    start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    assert spawner.get_state()["failed"] == given_up().as_json()


async def test_a_start_that_the_sign_in_refuses_does_not_tell_of_the_one_before(
    tmp_path: Path,
) -> None:
    database = f"sqlite:///{tmp_path}/labyard.sqlite"
    prepare(database)
    spawner = LabSpawner(user=Anna())
    spawner.load_state({"failed": given_up().as_json()})
    assert spawner.outcome == given_up()
    with pytest.raises(HTTPError, match="not approved"):
        await LabyardAuthenticator(database=database).pre_spawn_start(Anna(), spawner)
    assert spawner.outcome is None
