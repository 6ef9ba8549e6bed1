"""A large request's body on its way from the connection to whoever takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from labyard.core.errors import Refused

_WAITING = 8  # chunks between what comes and what takes it
_SILENCE = 120.0  # seconds in which something must come


class Body:
    """What a request sends, on its way to whoever takes it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
        self._taken = True  # by somebody, still
        self._broken = False

    async def put(self, data: bytes) -> None:
        """Pass ``data`` on when there is room; what nobody takes any more is dropped."""
        if self._taken:
            await self._queue.put(data)

    async def end(self) -> None:
        """Say that all has come."""
        if self._taken:
            await self._queue.put(None)

    def break_off(self) -> None:
        """Say that no more comes, although it should."""
        self._broken = True
        self.close()
        self._queue.put_nowait(None)

    def close(self) -> None:
        """Take no more."""
        self._taken = False
        while not self._queue.empty():
            self._queue.get_nowait()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(_SILENCE):
                    data = await self._queue.get()
            except TimeoutError:
                raise broken_off() from None
            if self._broken:
                raise broken_off()
            if data is None:
                return
            yield data


def broken_off() -> Refused:
    """Return the error for a body that did not come whole."""
    return Refused(
        "The upload broke off, and nothing was changed.", remedy="Send it again, in one go."
    )
