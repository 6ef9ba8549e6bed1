"""The job that tells owners in time and ends servers at their date, beside all requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from labyard.core.errors import LabyardError
from labyard.core.models import Owner
from labyard.expiry.dates import NOTICES, announcement, notice_due
from labyard.expiry.store import Dated, Expiries

log = logging.getLogger(__name__)

_AT_ONCE = 4

StillDue = Callable[[], Awaitable[bool]]


class Hands(Protocol):
    """What the keeper does things with."""

    async def owners(self, ids: Sequence[int]) -> Mapping[int, Owner]:
        """Return the users with these ids whom the hub still knows."""

    async def tell(self, owner: Owner, server: str, words: str, id: str) -> bool:
        """Show ``words`` in a running lab, once for each ``id``; return whether that is settled."""

    async def end(self, owner: Owner, server: str, due: StillDue, *, forget: bool) -> bool:
        """Stop a server, and with ``forget`` forget a named one; return False if not ``due`` then.

        Raises ``LabyardError`` when that is not possible now, or not known to be right.
        """


class Keeper:
    """Looks at the dates every ``interval`` seconds.

    What could not be done is tried again at the next look: a date is forgotten when its server has
    ended, and a notice is noted when a lab has taken it. Labs show each notice once, so one that is
    sent again because nobody noted it is not seen twice.
    """

    def __init__(self, expiries: Expiries, hands: Hands, *, interval: float = 10.0) -> None:
        self._expiries = expiries
        self._hands = hands
        self._interval = interval

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("Looking after servers that end by themselves failed")
            await asyncio.sleep(self._interval)

    async def look(self) -> None:
        """Do all that is due now."""
        near = await self._expiries.before(_now() + max(NOTICES))
        if not near:
            return
        owners = await self._hands.owners(sorted({dated.user_id for dated in near}))
        gate = asyncio.Semaphore(_AT_ONCE)

        async def see_to(dated: Dated) -> None:
            async with gate:
                await self._see_to(dated, owners.get(dated.user_id))

        await asyncio.gather(*map(see_to, near))

    async def _see_to(self, dated: Dated, owner: Owner | None) -> None:
        try:
            if owner is None:
                await self._expiries.forget(dated)
            elif dated.expiry.ended(_now()):
                await self._end(dated, owner)
            else:
                await self._tell(dated, owner)
        except LabyardError as error:
            log.warning(
                "Server %s of user %d: %s", dated.server or "(default)", dated.user_id, error
            )
        except Exception:
            log.exception("Server %s of user %d", dated.server or "(default)", dated.user_id)

    async def _end(self, dated: Dated, owner: Owner) -> None:
        async def still_due() -> bool:
            now = await self._expiries.get(dated.user_id, dated.server)
            return now is not None and now.expires == dated.expiry.expires

        if await self._hands.end(owner, dated.server, still_due, forget=True):
            await self._expiries.forget(dated)
            log.info("Server %s of user %d has ended", dated.server or "(default)", dated.user_id)

    async def _tell(self, dated: Dated, owner: Owner) -> None:
        now = _now()
        due = notice_due(dated.expiry, now)
        if due is None:
            return
        words = announcement(dated.server, dated.expiry, now)
        id = f"expiry {dated.expiry.expires.isoformat()} {due.total_seconds():.0f}"
        if await self._hands.tell(owner, dated.server, words, id):
            await self._expiries.tell(dated, due)


def _now() -> datetime:
    return datetime.now(UTC)
