"""What the culler of unused labs asks and does, with the service's own rights."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from labyard.core.models import Owner
from labyard.expiry.idle import Activity, Quiet
from labyard.expiry.keeper import StillDue
from labyard.notices.asking import Asker
from labyard.web.ending import ServiceHands
from labyard.web.shares import Shares


@dataclass(frozen=True, slots=True)
class IdleHands:
    """The culler's hands."""

    service: ServiceHands
    shares: Shares
    asker: Asker

    async def shortest(self) -> float | None:
        """Return the fewest seconds that hold for anybody, None where labs of nobody are stopped."""
        return await self.shares.shortest_idle_timeout()

    async def timeout(self, owner: Owner) -> float | None:
        """Return the seconds that hold for somebody, None for ever."""
        return (await self.shares.of(owner)).idle_timeout

    async def quiet(self, before: datetime) -> Sequence[Quiet]:
        """Return the running servers of which the hub has heard nothing since ``before``."""
        return await self.service.people.quiet(before)

    async def activity(self, owner: Owner, server: str) -> Activity | None:
        """Return what a lab says of itself, None if it says nothing."""
        lab = await self.service.actions.lab(owner, server)
        return None if lab is None else parse(await self.asker.activity(lab))

    async def tell(self, owner: Owner, server: str, words: str, id: str) -> bool:
        """Show ``words`` in a running lab."""
        return await self.service.tell(owner, server, words, id)

    async def end(self, owner: Owner, server: str, due: StillDue, *, forget: bool) -> bool:
        """Stop a server."""
        return await self.service.end(owner, server, due, forget=forget)


def parse(said: bytes | None) -> Activity | None:
    """Return what a lab said, None for what is not to be understood. A lab may say anything."""
    try:
        told = json.loads(said or b"")
        quiet, busy = float(told["quiet"]), told["busy"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return Activity(quiet, busy) if math.isfinite(quiet) and isinstance(busy, bool) else None
