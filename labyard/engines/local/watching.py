"""What happens to labs that are processes: beginnings and ends, seen by looking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from labyard.core.models import Happening, Lab, LabEvent, LabStatus
from labyard.engines.base import Engine

_LOOK = 2.0  # seconds


async def watch(engine: Engine) -> AsyncGenerator[LabEvent, None]:
    """Yield starts and ends. Why the kernel ended a process nobody can tell here: there is no limit."""
    before = await _labs(engine)
    while True:
        await asyncio.sleep(_LOOK)
        now = await _labs(engine)
        for name, lab in now.items():
            was = before.get(name)
            if lab.status is not LabStatus.RUNNING:
                if was is not None and was.status is LabStatus.RUNNING:
                    yield _event(Happening.ENDED, lab)
            elif was is None or (was.status, was.started_at) != (lab.status, lab.started_at):
                yield _event(Happening.STARTED, lab)
        before = now


async def _labs(engine: Engine) -> dict[str, Lab]:
    return {lab.name: lab for lab in await engine.labs()}


def _event(kind: Happening, lab: Lab) -> LabEvent:
    return LabEvent(kind, lab.name, lab.labels, datetime.now(UTC), exit_code=lab.exit_code)
