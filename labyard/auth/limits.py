"""The limits of sign-in: counted in memory, and kept in the database behind what is counted."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from labyard.auth.kept import Kept
from labyard.auth.throttle import Bucket, Key, Throttle

log = logging.getLogger(__name__)


class Limits:
    """A throttle whose failures outlive the hub. Good attempts cost the database nothing.

    ``began`` is when the hub did, on the throttle's clock.
    """

    def __init__(self, throttle: Throttle, kept: Kept, began: float) -> None:
        self._throttle = throttle
        self._kept = kept
        self._began = began
        self._loaded = False
        self._loading = asyncio.Lock()
        self._unwritten: dict[str, Bucket] = {}
        self._writing: asyncio.Task[None] | None = None

    async def enter(self, *keys: Key) -> None:
        """Count an attempt on every key, on top of those from before a restart.

        Raises
        ------
        TooMany
            When one of the buckets is full. Then nothing is counted.
        """
        async with self._loading:
            if not self._loaded:
                now = self._throttle.clock()
                self._throttle.adopt(await asyncio.to_thread(self._kept.load, now, self._began))
                self._loaded = True
        self._throttle.enter(*keys)

    def forgive(self, *keys: Key) -> None:
        """Take back an attempt: it was good."""
        self._throttle.forgive(*keys)

    def keep(self, *keys: Key) -> None:
        """Have it written that an attempt was bad: soon, and in one go with what comes meanwhile."""
        self._unwritten |= self._throttle.of(*keys)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def written(self) -> None:
        """Wait until everything is written, or could not be."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._unwritten:
            now, buckets, self._unwritten = self._throttle.clock(), self._unwritten, {}
            try:
                await asyncio.to_thread(self._kept.save, buckets, now)
            except SQLAlchemyError as error:
                self._unwritten = {**buckets, **self._unwritten}
                log.warning("Failed sign-ins are counted, but could not be written: %r", error)
                return  # the next failure tries again
