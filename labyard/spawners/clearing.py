"""Acting on an engine that may be away, and clearing away what a start that failed has made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from labyard.core.errors import Busy, EngineUnreachable, LabyardError
from labyard.core.locks import UserLocks
from labyard.core.models import Lab
from labyard.engines.base import Engine

log = logging.getLogger(__name__)

# Seconds: how long an action waits for an engine that is away, and how often it looks; how long a
# start that failed clears away before it is told, and while the engine is away.
OUTAGE = 600.0
_LOOK_AGAIN = 1.0
_CLEAN_UP = 25.0
_CLEAN_UP_AWAY = 1.0

_later: set[asyncio.Task[None]] = set()


async def when_reachable(act: Callable[[], Awaitable[None]], patience: float = OUTAGE) -> None:
    """Do ``act``, again and again while the engine is away, for ``patience`` seconds."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            await act()
            return
        except EngineUnreachable:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_LOOK_AGAIN)


class Clearing:
    """Removes labs of one user that did not come about."""

    def __init__(self, engine: Engine, locks: UserLocks, user_id: int) -> None:
        self._engine, self._locks, self._user_id = engine, locks, user_id

    async def clear(self, name: str, lab: Lab | None, *, away: bool) -> None:
        """Remove the lab ``name``, whose start failed, also while that start is being cancelled.

        ``lab`` is what was created, if anything was; ``away`` says that the engine did not answer. What
        such an engine keeps is removed in the background: people are told of the failure at once.
        """
        patience = _CLEAN_UP_AWAY if away else _CLEAN_UP
        removal = asyncio.wait_for(
            when_reachable(lambda: self._engine.remove(name), patience), 2 * patience
        )
        try:
            await asyncio.shield(asyncio.ensure_future(removal))
        except (LabyardError, TimeoutError) as error:
            log.warning("Could not remove %s after its failed start: %s", name, error)
            if lab is not None:
                self._in_background(self._until_gone(lab))

    async def _until_gone(self, lab: Lab) -> None:
        """Remove this very lab once the engine is back, unless a later start has replaced it."""
        doing = "clearing away a start that failed"
        for _ in range(int(OUTAGE / _LOOK_AGAIN)):
            await asyncio.sleep(_LOOK_AGAIN)
            try:
                async with self._locks.hold(self._user_id, doing):
                    now = await self._engine.lab(lab.name)
                    if now is not None and now.id == lab.id:
                        await self._engine.remove(lab.name)
                    return
            except (EngineUnreachable, Busy):
                continue
            except LabyardError as error:
                log.error("Could not remove %s: %s", lab.name, error)
                return

    @staticmethod
    def _in_background(work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        _later.add(task)
        task.add_done_callback(_later.discard)
