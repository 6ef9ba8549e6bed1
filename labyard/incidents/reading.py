"""What labs report, as it changes: asked of the lab itself, and where that cannot be, read from its file.

A question waits in the lab for news, which costs nothing; reading the file costs the engine some work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from labyard.core.errors import LabyardError, NotFound
from labyard.core.models import Lab
from labyard.engines.base import Engine

T = TypeVar("T")

log = logging.getLogger(__name__)

# Seconds between looks at a lab's file: a few soon after its start, seldom where many labs run.
_SOON = (1.0, 1.0, 1.0, 2.0, 2.0, 2.0)
_OFTEN = 30.0
_A_SECOND = 4.0  # files, of all labs together
_BREATH = 1.0  # seconds between questions, whatever a lab answers
_WAITS = 5.0  # seconds that a question without news waits in a lab, at least
_AT_ONCE = 4

# Called with a lab and what is known of it: returns its report when that changes, None when it cannot
# be asked.
Ask = Callable[[Lab, bytes], Awaitable[bytes | None]]


class Reports:
    """Follows what labs report."""

    def __init__(self, engine: Engine, ask: Ask | None = None) -> None:
        self._engine = engine
        self._ask = ask
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._followed = 0

    async def of(self, lab: str) -> AsyncGenerator[bytes, None]:
        """Yield a lab's report: at each change while it can be asked, else at each look at its file.

        Raises
        ------
        NotFound
            When the lab is gone.
        """
        looks = 0
        self._followed += 1
        try:
            while True:
                often = max(_OFTEN, self._followed / _A_SECOND)
                await asyncio.sleep(_SOON[looks] if looks < len(_SOON) else often)
                looks += 1
                if (content := await self._guarded(lab, self._read(lab))) is not None:
                    yield content
                async for content in self._heard(lab):
                    looks = 0  # should a question break off, the next one comes soon
                    yield content
        finally:
            self._followed -= 1

    async def _read(self, lab: str) -> bytes:
        async with self._gate:
            return await self._engine.report(lab)

    async def _heard(self, name: str) -> AsyncGenerator[bytes, None]:
        known = b""
        lab = await self._guarded(name, self._engine.lab(name)) if self._ask else None
        clock, breath = asyncio.get_running_loop().time, _BREATH
        while lab is not None and self._ask is not None:
            asked = clock()
            content = await self._guarded(name, self._ask(lab, known))
            if content is None:
                return
            if content != known:
                yield content
            # A lab that does not wait until it has news is asked less and less often.
            hasty = content == known and clock() - asked < _WAITS
            breath = min(2 * breath, _OFTEN) if hasty else _BREATH
            known = content
            await asyncio.sleep(breath)

    async def _guarded(self, lab: str, work: Awaitable[T]) -> T | None:
        """Return what ``work`` returns; None when the engine is away: what was known stays."""
        try:
            return await work
        except NotFound:
            raise
        except LabyardError:
            return None
        except Exception:
            log.exception("Reading what %s reports failed", lab)
            return None
