"""What each person may have, for pages that show it without asking the hub."""

from __future__ import annotations

import asyncio

from labyard.core.models import Owner
from labyard.options.offer import usual_offer
from labyard.policies.allowed import Allowed
from labyard.policies.book import Book
from labyard.policies.effective import share
from labyard.settings.schema import Settings
from labyard.web.people import People


class Shares:
    """Everybody's share as the settings tell it, and what groups make of it."""

    def __init__(self, settings: Settings, policies: Book, people: People) -> None:
        self._everybody = Allowed(usual_offer(settings), settings.labs.named_servers)
        self._policies, self._people = policies, people

    async def of(self, owner: Owner) -> Allowed:
        """Return what somebody may have, whoever asks."""
        return await asyncio.to_thread(self._of, owner)

    def _of(self, owner: Owner) -> Allowed:
        return share(self._policies.of(self._people.groups(owner)), self._everybody)
