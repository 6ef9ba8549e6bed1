"""Letting go of what is older than the settings keep, beside all requests."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from labyard.audit.trail import Trail

log = logging.getLogger(__name__)

_EVERY = 3600.0  # seconds


class Retention:
    """Looks every hour. ``keep`` is in seconds, None for ever."""

    def __init__(self, trail: Trail, keep: float | None) -> None:
        self._trail = trail
        self._keep = keep

    async def run(self) -> None:
        """Look again and again, until cancelled; do nothing where everything is kept."""
        while self._keep is not None:
            try:
                await self.look(datetime.now(UTC))
            except Exception:
                log.exception("Letting go of old entries of the audit failed")
            await asyncio.sleep(_EVERY)

    async def look(self, now: datetime) -> int:
        """Let go of what is too old by ``now``; return how many entries that were."""
        if self._keep is None:
            return 0
        bound = now - timedelta(seconds=self._keep)
        gone = await asyncio.to_thread(self._trail.forget, bound)
        if gone:
            log.info("Let go of %d entries of the audit from before %s", gone, bound.isoformat())
        return gone
