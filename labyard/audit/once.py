"""Saying the same thing once in a while: who is refused in a loop fills no table."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

_WINDOW = 60.0  # seconds
_MOST = 1000


class Once:
    """Tells whether something was not said within the last minute."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[Hashable, float] = {}

    def new(self, key: Hashable) -> bool:
        """Return whether ``key`` is to be said now, and remember that it was."""
        now = self._clock()
        last = self._said.get(key)
        if last is not None and now - last < _WINDOW:
            return False
        self._said.pop(key, None)
        self._said[key] = now
        if len(self._said) > _MOST:
            del self._said[next(iter(self._said))]
        return True
