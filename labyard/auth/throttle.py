"""How often something may be tried: a leaky bucket for each key.

A bucket takes as many attempts as its key says and loses one every ``window`` over that, so nobody is
shut out for a whole window. ``limits`` keeps buckets across a restart of the hub.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from unicodedata import category, normalize

from labyard.core.addresses import parse
from labyard.core.errors import LabyardError

MOST_BUCKETS = 50_000


class TooMany(LabyardError):
    """Tried too often; ``wait`` is how many seconds to leave it."""

    code = "too-many"
    status = 429

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(
            "Too many attempts from here.", remedy=f"Try again in {_spoken(self.wait)}."
        )


@dataclass(frozen=True, slots=True)
class Key:
    """What attempts are counted for: a ``kind`` of thing, which one, and how many it may take."""

    kind: str
    about: str
    most: int


@dataclass(slots=True)
class Bucket:
    """How full a bucket was, in attempts, and when that was, in seconds on the throttle's clock."""

    level: float
    at: float


def uptime() -> float:
    """Return the seconds since this machine began, its sleep included. Nobody can set this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Throttle:
    """Buckets, known by digests that only ``secret`` (64 bytes at most) makes. ``window`` is in seconds."""

    def __init__(
        self, window: float, *, secret: bytes = b"", clock: Callable[[], float] = uptime
    ) -> None:
        self.window = window
        self.clock = clock
        self._secret = secret
        self._buckets: dict[str, Bucket] = {}

    def enter(self, *keys: Key) -> None:
        """Count an attempt on every key.

        Count first and :meth:`forgive` later: attempts at the same moment must not all slip in.

        Raises
        ------
        TooMany
            When one of the buckets is full. Then nothing is counted.
        """
        levels = {key: self._level(key) for key in keys}
        wait = max((self._wait(key, level) for key, level in levels.items()), default=0.0)
        if wait > 0:
            raise TooMany(wait)
        self._make_room(len(levels))
        now = self.clock()
        for key, level in levels.items():
            name = self.digest(key)
            self._buckets.pop(name, None)  # the last one touched goes to the end
            self._buckets[name] = Bucket(level + 1, now)

    def forgive(self, *keys: Key) -> None:
        """Take back an attempt: it was good."""
        for key in keys:
            if bucket := self._buckets.get(self.digest(key)):
                bucket.level = max(0.0, bucket.level - 1)

    def digest(self, key: Key) -> str:
        """Return the name of a key's bucket, which says nothing of the key to whoever has no secret."""
        about = f"{key.kind}\0{key.about}".encode(errors="surrogatepass")
        return hashlib.blake2b(about, key=self._secret[:64], digest_size=32).hexdigest()

    def of(self, *keys: Key) -> dict[str, Bucket]:
        """Return the buckets that there are for some keys, by digest."""
        names = map(self.digest, keys)
        return {name: self._buckets[name] for name in names if name in self._buckets}

    def adopt(self, buckets: Mapping[str, Bucket]) -> None:
        """Take buckets over from before, by digest; those that are counted in already stay."""
        self._buckets = {**buckets, **self._buckets}
        self._make_room(0)

    def _level(self, key: Key) -> float:
        bucket = self._buckets.get(self.digest(key))
        if bucket is None:
            return 0.0
        gone = max(0.0, self.clock() - bucket.at) * key.most / self.window
        return max(0.0, min(bucket.level, key.most) - gone)

    def _wait(self, key: Key, level: float) -> float:
        return (level + 1 - key.most) * self.window / key.most

    def _make_room(self, wanted: int) -> None:
        """Forget the buckets that were touched longest ago."""
        while len(self._buckets) + wanted > MOST_BUCKETS:
            del self._buckets[next(iter(self._buckets))]


def alike(name: str) -> str:
    """Return what counts as one name, however it is written: a directory takes all of those for the same.

    It compares as RFC 4518 says: by compatible characters in lower case, spaces as one, what is invisible
    as nothing.
    """
    folded = normalize("NFKC", normalize("NFKC", name).casefold())
    return " ".join("".join(letter for letter in folded if category(letter) != "Cf").split())


def network(address: str) -> str:
    """Return the network an address is in: whoever has one address of it can have the others."""
    parsed = parse(address)
    if parsed is None:
        return address
    return str(ip_network((parsed, 48 if parsed.version == 6 else 24), strict=False))


def _spoken(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} seconds" if seconds > 1 else "a second"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"
