"""A large request's body on its way from the connection to whoever takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from labyard.core.errors import Refused

_WAITING = 2  # chunks between what comes and what takes it: a stranger too may have them filled
_SILENCE = 60.0  # seconds
_LEAST = 1024  # bytes that make up for a second of silence


class Patience:
    """How long a sender may still be silent. Pure: it is told the time, in seconds.

    Only what the sender takes counts. So a few bytes now and then buy nothing, and whoever is held up
    here loses nothing.
    """

    def __init__(self, now: float) -> None:
        self._spent = 0.0
        self._since: float | None = now  # waiting for the sender, unless it waits for us

    def came(self, size: int, now: float) -> None:
        """Count ``size`` bytes; the sender's time stands still until it may go on."""
        silent = 0.0 if self._since is None else now - self._since
        self._spent = max(0.0, self._spent + silent - size / _LEAST)
        self._since = None

    def go_on(self, now: float) -> None:
        """Let the sender's time run."""
        self._since = now

    def left(self, now: float) -> float:
        """Return how many seconds are left."""
        silent = 0.0 if self._since is None else now - self._since
        return _SILENCE - self._spent - silent


class Body:
    """What a request sends: ``came`` bytes so far, all of it if ``whole``; never if ``broken``."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
        self._taken = True  # by somebody, still
        self._patience = Patience(monotonic())
        self.whole = self.broken = False
        self.came = 0

    async def silence(self) -> None:
        """Return when the sender has been silent for too long."""
        while True:
            left = self._patience.left(monotonic())
            if left <= 0:
                return
            await asyncio.sleep(left)

    async def put(self, data: bytes) -> None:
        """Pass ``data`` on when there is room; what nobody takes any more is dropped."""
        self.came += len(data)
        self._patience.came(len(data), monotonic())
        if self._taken:
            await self._queue.put(data)
        self._patience.go_on(monotonic())

    async def end(self) -> None:
        """Say that all has come."""
        self.whole = True
        if self._taken:
            await self._queue.put(None)

    def break_off(self) -> None:
        """Say that no more comes, although it should."""
        self.broken = True
        self.close()
        self._queue.put_nowait(None)

    def close(self) -> None:
        """Take no more."""
        self._taken = False
        while not self._queue.empty():
            self._queue.get_nowait()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            data = await self._queue.get()
            if self.broken:
                raise broken_off()
            if data is None:
                return
            yield data


def broken_off() -> Refused:
    """Return the error for a body that did not come whole."""
    return Refused(
        "The upload broke off, and nothing was changed.", remedy="Send it again, in one go."
    )
