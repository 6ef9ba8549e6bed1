"""What the hub is told of a lab whose start another hub began."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from labyard.core.errors import EngineError, EngineUnreachable
from labyard.engines.local.engine import LocalEngine
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
