"""What each person may have, for pages that show it without asking the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from labyard.options.offer import usual_offer
from labyard.policies.allowed import Allowed
from labyard.policies.book import Book
from labyard.policies.effective import effective
from labyard.settings.schema import Settings


class Shares:
    """Everybody's share as the settings tell it, and what groups make of it."""

    def __init__(self, settings: Settings, policies: Book) -> None:
        self._everybody = Allowed(usual_offer(settings), settings.labs.named_servers)
        self._policies = policies

    async def of(self, groups: Iterable[str]) -> Allowed:
        """Return what somebody in ``groups`` may have."""
        policies = await asyncio.to_thread(self._policies.of, groups)
        return effective(policies, self._everybody).allowed
