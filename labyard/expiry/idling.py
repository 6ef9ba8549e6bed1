"""The job that stops labs that nobody uses, beside all requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from labyard.core.errors import LabyardError
from labyard.core.models import Owner
from labyard.expiry.idle import Activity, Due, Quiet, announcement, due, told_after
from labyard.expiry.keeper import StillDue

log = logging.getLogger(__name__)

_AT_ONCE = 4
_SAME = timedelta(seconds=5)  # two figures of one lab's last use may differ by so much


class Hands(Protocol):
    """What the culler asks, and does things with."""

    async def shortest(self) -> float | None:
        """Return the fewest seconds that hold for anybody, None where labs of nobody are stopped."""

    async def timeout(self, owner: Owner) -> float | None:
        """Return the seconds that hold for somebody, None for ever."""

    async def quiet(self, before: datetime) -> Sequence[Quiet]:
        """Return the running servers of which the hub has heard nothing since ``before``."""

    async def activity(self, owner: Owner, server: str) -> Activity | None:
        """Return what a lab says of itself, None if it says nothing."""

    async def tell(self, owner: Owner, server: str, words: str, id: str) -> bool:
        """Show ``words`` in a running lab, once for each ``id``; return whether that is settled."""

    async def end(self, owner: Owner, server: str, due: StillDue, *, forget: bool) -> bool:
        """Stop a server, and with ``forget`` forget a named one; return False if not ``due`` then."""


class Culler:
    """Looks for unused labs every ``interval`` seconds.

    The hub knows of a lab's use with minutes of delay, so that it only says whom to ask; the lab's own
    word decides.
    """

    def __init__(self, hands: Hands, *, interval: float = 10.0) -> None:
        self._hands = hands
        self._interval = interval
        self._told: dict[tuple[int, str], datetime] = {}

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("Looking for labs that nobody uses failed")
            await asyncio.sleep(self._interval)

    async def look(self) -> None:
        """Do all that is due now."""
        shortest = await self._hands.shortest()
        if shortest is None:
            return
        before = datetime.now(UTC) - timedelta(seconds=told_after(shortest))
        found = await self._hands.quiet(before)
        there = {(quiet.owner.id, quiet.server) for quiet in found}
        self._told = {key: since for key, since in self._told.items() if key in there}
        gate = asyncio.Semaphore(_AT_ONCE)

        async def see_to(quiet: Quiet) -> None:
            async with gate:
                await self._see_to(quiet)

        await asyncio.gather(*map(see_to, found))

    async def _see_to(self, quiet: Quiet) -> None:
        owner, server = quiet.owner, quiet.server
        try:
            timeout = await self._hands.timeout(owner)
            silent = (datetime.now(UTC) - quiet.since).total_seconds()
            if timeout is None or silent < told_after(timeout):
                return
            activity = await self._hands.activity(owner, server)
            match due(activity, timeout), activity:
                case Due.END, _:
                    await self._end(owner, server, timeout)
                case Due.NOTICE, Activity(quiet=seconds):
                    await self._tell(owner, server, seconds, timeout)
        except LabyardError as error:
            log.warning("Unused server %s of user %d: %s", server or "(default)", owner.id, error)
        except Exception:
            log.exception("Unused server %s of user %d", server or "(default)", owner.id)

    async def _end(self, owner: Owner, server: str, timeout: float) -> None:
        async def still_due() -> bool:
            return due(await self._hands.activity(owner, server), timeout) is Due.END

        if await self._hands.end(owner, server, still_due, forget=False):
            log.info(
                "Server %s of user %d was stopped: nobody used it", server or "(default)", owner.id
            )

    async def _tell(self, owner: Owner, server: str, seconds: float, timeout: float) -> None:
        since = datetime.now(UTC) - timedelta(seconds=seconds)
        before = self._told.get((owner.id, server))
        if before is not None and abs(since - before) < _SAME:
            return
        words = announcement(server, timeout - seconds)
        if await self._hands.tell(owner, server, words, f"idle {since:%Y-%m-%dT%H:%M}"):
            self._told[owner.id, server] = since
