"""How often something may be tried: a leaky bucket for each key.

A bucket takes ``limit`` attempts and loses one every ``window / limit`` seconds, so nobody is shut
out for a whole window. Buckets live in memory: a restart of the hub empties them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network

from labyard.core.addresses import parse
from labyard.core.errors import LabyardError

_MOST_BUCKETS = 50_000


class TooMany(LabyardError):
    """Tried too often; ``wait`` is how many seconds to leave it."""

    code = "too-many"
    status = 429

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(
            "Too many attempts from here.", remedy=f"Try again in {_spoken(self.wait)}."
        )


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float  # when level was right, on the clock


class Throttle:
    """Buckets of one kind. ``window`` is in seconds."""

    def __init__(
        self, limit: int, window: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._leak = limit / window
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}

    def enter(self, *keys: Hashable) -> None:
        """Count an attempt on every key.

        Count first and :meth:`forgive` later: attempts at the same moment must not all slip in.

        Raises
        ------
        TooMany
            When one of the buckets is full. Then nothing is counted.
        """
        levels = {key: self._level(key) for key in keys}
        excess = max(levels.values(), default=0.0) + 1 - self._limit
        if excess > 0:
            raise TooMany(excess / self._leak)
        self._make_room(len(levels))
        now = self._clock()
        for key, level in levels.items():
            self._buckets.pop(key, None)  # the last one touched goes to the end
            self._buckets[key] = _Bucket(level + 1, now)

    def forgive(self, *keys: Hashable) -> None:
        """Take back an attempt: it was good."""
        for key in keys:
            if bucket := self._buckets.get(key):
                bucket.level = max(0.0, bucket.level - 1)

    def _level(self, key: Hashable) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            return 0.0
        return max(0.0, bucket.level - (self._clock() - bucket.at) * self._leak)

    def _make_room(self, wanted: int) -> None:
        """Forget the buckets that were touched longest ago."""
        while len(self._buckets) + wanted > _MOST_BUCKETS:
            del self._buckets[next(iter(self._buckets))]


def network(address: str) -> str:
    """Return the network an address is in: whoever has one address of it can have the others."""
    parsed = parse(address)
    if parsed is None:
        return address
    return str(ip_network((parsed, 48 if parsed.version == 6 else 24), strict=False))


def host(address: str) -> str:
    """Return what counts as one host: an IPv4 address, or the /64 of an IPv6 address."""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed or address)


def _spoken(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} seconds" if seconds > 1 else "a second"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"
