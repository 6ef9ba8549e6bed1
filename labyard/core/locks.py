"""One lock per user, held across processes: start, stop, restart, reset and delete take turns.

The lock is the kernel's (``flock``), so it falls when its holder dies, however it dies. The file's
content says what the holder is doing, for the one who is turned away.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from labyard.core.errors import Busy

_POLL = 0.05


class UserLocks:
    """The locks of all users of an installation, as files ``<user id>`` in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @asynccontextmanager
    async def hold(self, user_id: int, doing: str, *, patience: float = 0.0) -> AsyncIterator[None]:
        """Hold a user's lock while ``doing`` something, e.g. ``"resetting volumes"``.

        Waits at most ``patience`` seconds for whoever holds it.

        Raises
        ------
        Busy
            When somebody else still holds it then.
        """
        descriptor = os.open(self._directory / str(user_id), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await self._acquire(descriptor, patience)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, doing.encode(), 0)
            yield
        finally:
            os.close(descriptor)

    @staticmethod
    async def _acquire(descriptor: int, patience: float) -> None:
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if asyncio.get_running_loop().time() >= deadline:
                    doing = os.pread(descriptor, 200, 0).decode(errors="replace") or "something"
                    raise Busy(
                        f"Another action is under way: {doing}.",
                        remedy="Wait for it, then try again.",
                    ) from None
            await asyncio.sleep(_POLL)
