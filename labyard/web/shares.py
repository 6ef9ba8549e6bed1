"""What each person may have, for pages that show it without asking the hub."""

from __future__ import annotations

import asyncio

from labyard.core.models import Owner
from labyard.options.offer import usual_offer
from labyard.policies.allowed import Allowed, everybody
from labyard.policies.book import Book
from labyard.policies.effective import share
from labyard.settings.schema import Settings
from labyard.web.people import People


class Shares:
    """Everybody's share as the settings tell it, and what groups make of it."""

    def __init__(self, settings: Settings, policies: Book, people: People) -> None:
        self._everybody = everybody(usual_offer(settings), settings)
        self._policies, self._people = policies, people

    @property
    def usual(self) -> Allowed:
        """Return what everybody has, as far as no group says otherwise."""
        return self._everybody

    async def shortest_idle_timeout(self) -> float | None:
        """Return the fewest seconds after which anybody's unused lab is stopped; None for nobody's."""
        policies = [entry.policy for entry in await asyncio.to_thread(self._policies.all)]
        said = [self._everybody.idle_timeout, *(policy.idle_timeout for policy in policies)]
        return min((seconds for seconds in said if seconds is not None), default=None)

    async def of(self, owner: Owner) -> Allowed:
        """Return what somebody may have, whoever asks."""
        return await asyncio.to_thread(self._of, owner)

    def _of(self, owner: Owner) -> Allowed:
        return share(self._policies.of(self._people.groups(owner)), self._everybody)
