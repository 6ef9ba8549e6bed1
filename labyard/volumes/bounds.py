"""How many downloads and uploads are under way, and that they stay few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from labyard.core.errors import Busy, Crowded
from labyard.core.models import Owner

_OWN, _ALL = 2, 8  # downloads at once: of one person, of everybody
_LATER = "Others are at it; try again in a minute."


class Reading:
    """Which volumes are read now, and by whom: a bounded number at a time."""

    def __init__(self) -> None:
        self._volumes: Counter[str] = Counter()
        self._people: Counter[int] = Counter()
        self._shut: set[str] = set()

    def __contains__(self, volume: object) -> bool:
        return volume in self._volumes

    @contextmanager
    def shut(self, volumes: Collection[str]) -> Iterator[None]:
        """Let nobody begin to read ``volumes``, which are about to go, until the block ends."""
        self._shut.update(volumes)
        try:
            yield
        finally:
            self._shut.difference_update(volumes)

    @contextmanager
    def take(self, owner: Owner, volume: str) -> Iterator[None]:
        """Read ``volume`` until the block ends.

        Raises
        ------
        Busy
            The volume is to go, or the owner reads too many.
        Crowded
            All people together read too many.
        """
        if volume in self._shut:
            raise Busy("The volume is being reset.", remedy="There is nothing left to download.")
        if self._people[owner.id] >= _OWN:
            raise Busy(
                "Downloads of yours are under way.", remedy="Wait for them to end, then try again."
            )
        if self._people.total() >= _ALL:
            raise Crowded("Too many downloads are under way.", remedy=_LATER)
        self._volumes[volume] += 1
        self._people[owner.id] += 1
        try:
            yield
        finally:
            self._volumes[volume] -= 1
            self._people[owner.id] -= 1
            # What is at zero goes: `in` asks for keys.
            self._volumes, self._people = +self._volumes, +self._people


class Filling:
    """How many uploads are under way, of all people: at most ``most``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._now = 0

    def demand(self) -> None:
        """Do nothing if there is room for one more. Raises ``Crowded``."""
        if self._now >= self._most:
            raise Crowded("Too many uploads are under way.", remedy=_LATER)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Be one of them until the block ends. Raises ``Crowded``."""
        self.demand()
        self._now += 1
        try:
            yield
        finally:
            self._now -= 1
