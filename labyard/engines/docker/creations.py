"""Creating labs: each by one attempt, which is taken back where it fails, also after nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from labyard.core.errors import EngineUnreachable
from labyard.core.models import Lab, ServerPlan
from labyard.engines.docker.attempt import PAUSES, Attempt, Claims
from labyard.engines.docker.daemon import Daemon


class Creations:
    """Creates labs on one engine; ``pauses`` are the seconds between an attempt's sweeps."""

    def __init__(self, daemon: Daemon, pauses: Sequence[float] = PAUSES) -> None:
        self._daemon = daemon
        self._pauses = pauses
        self._claims: Claims = {}
        self._taking_back: set[asyncio.Task[None]] = set()

    @property
    def settled(self) -> bool:
        """Return whether nothing is being taken back any more."""
        return not self._taking_back

    async def create(self, plan: ServerPlan) -> Lab:
        """Make the lab, its network and missing volumes.

        What a failed, timed out or cancelled attempt made is removed again: at once when the engine
        answers, else in the background within 30 seconds and as soon as it turns up.
        """
        attempt = Attempt(
            plan,
            self._daemon,
            claims=self._claims,
            ulimits=await self._daemon.ulimits(),
            pauses=self._pauses,
        )
        work = asyncio.create_task(attempt.make())
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self._later(_abandon(work, attempt))
            raise
        except EngineUnreachable:
            self._later(attempt.take_back())
            raise
        except Exception:
            await asyncio.shield(self._later(attempt.take_back()))
            raise

    async def close(self) -> None:
        """Leave what is still being taken back."""
        for task in self._taking_back:
            task.cancel()
        await asyncio.gather(*self._taking_back, return_exceptions=True)

    def _later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._taking_back.add(task)
        task.add_done_callback(self._taking_back.discard)
        return task


async def _abandon(work: asyncio.Task[Lab], attempt: Attempt) -> None:
    """Let an attempt that nobody waits for come to its end, then take it back."""
    await asyncio.wait({work})
    work.exception()  # seen
    await attempt.take_back()
