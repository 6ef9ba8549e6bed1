"""Looking after something every few seconds for as long as the hub lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from labyard.core.errors import LabyardError


class Watch:
    """Calls ``look`` every ``interval`` seconds, whatever the last look ran into."""

    def __init__(
        self, look: Callable[[], Awaitable[None]], interval: float, log: logging.Logger
    ) -> None:
        self._look = look
        self._interval = interval
        self._log = log
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, and wait until it has."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self._look()
            except LabyardError as error:
                self._log.error("%s", error)
            except Exception:
                self._log.exception("Looking after the proxy failed; it goes on.")
