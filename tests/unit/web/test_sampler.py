"""When the sampler looks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from labyard.core.models import Lab
from labyard.engines.local.engine import LocalEngine
from labyard.web.sampler import Sampler


class Engine(LocalEngine):
    """The local engine, which tells of each look and goes on when it is let."""

    def __init__(self, root: Path) -> None:
        super().__init__("yard", root, root)
        self.begun, self.goes_on = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def labs(self) -> Sequence[Lab]:
        self.begun.release()
        await self.goes_on.acquire()
        return await super().labs()


async def test_what_changes_during_a_look_is_looked_at_again(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    sampler = Sampler(engine, interval=3600)
    running = asyncio.create_task(sampler.run())
    async with asyncio.timeout(10):
        await engine.begun.acquire()
        sampler.soon()
        engine.goes_on.release()
        await engine.begun.acquire()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
