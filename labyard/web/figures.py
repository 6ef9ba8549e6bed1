"""What labs used lately: streams of those that somebody looks at, a survey of all others."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from time import monotonic

from labyard.core.errors import LabyardError
from labyard.core.models import Lab, LabStatus, Usage
from labyard.engines.base import Engine

log = logging.getLogger(__name__)

_KEPT = 120  # figures of one lab
_APART = timedelta(seconds=5)  # between figures that are kept; the newest one may be nearer
_LOOKED_AT = 30.0  # seconds that a stream goes on after somebody looked
_PAUSE = 2.0  # seconds before a stream that ended may begin anew


class History(Mapping[str, Sequence[Usage]]):
    """The figures of labs by their ids, oldest first, at most the last ten minutes of a stream."""

    def __init__(self) -> None:
        self._labs: dict[str, deque[Usage]] = {}

    def add(self, lab: str, usage: Usage) -> None:
        """Add a figure of the lab with that id."""
        figures = self._labs.setdefault(lab, deque(maxlen=_KEPT))
        if len(figures) > 1 and figures[-1].taken - figures[-2].taken < _APART:
            figures.pop()
        figures.append(usage)

    def keep(self, labs: Collection[str]) -> None:
        """Forget every lab but these."""
        self._labs = {lab: kept for lab, kept in self._labs.items() if lab in labs}

    def __getitem__(self, lab: str) -> Sequence[Usage]:
        return tuple(self._labs[lab])

    def __iter__(self) -> Iterator[str]:
        return iter(self._labs)

    def __len__(self) -> int:
        return len(self._labs)


class Figures:
    """Keeps ``history`` up to date: within a second for labs that are looked at."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._looked: dict[str, float] = {}
        self._streams: dict[str, asyncio.Task[None]] = {}
        self.history = History()

    @property
    def open(self) -> frozenset[str]:
        """Return the ids of the labs that are followed."""
        return frozenset(self._streams)

    def look(self, labs: Iterable[Lab]) -> None:
        """Follow these labs, as far as they run, for the next half minute."""
        for lab in _running(labs):
            self._looked[lab.id] = self._clock()
            if lab.id not in self._streams:
                self._streams[lab.id] = asyncio.create_task(self._follow(lab))

    async def survey(self, labs: Iterable[Lab]) -> None:
        """Ask once about all running labs that no stream tells of. Raises ``LabyardError``."""
        asked = {lab.name: lab.id for lab in _running(labs) if lab.id not in self._streams}
        found = await self._engine.survey(asked.keys()) if asked else {}
        for name, usage in found.items():
            self.history.add(asked[name], usage)

    def keep(self, labs: Iterable[Lab]) -> None:
        """Forget what every lab used but those of these that run."""
        self.history.keep({lab.id for lab in _running(labs)})

    async def close(self) -> None:
        """End all streams."""
        streams = list(self._streams.values())
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)

    async def _follow(self, lab: Lab) -> None:
        try:
            async with aclosing(self._engine.follow(lab.name)) as told:
                async for usage in told:
                    self.history.add(lab.id, usage)
                    if self._clock() - self._looked[lab.id] > _LOOKED_AT:
                        break
            await asyncio.sleep(_PAUSE)
        except LabyardError as error:
            log.debug("No figures of %s: %s", lab.name, error)
            await asyncio.sleep(_PAUSE)
        finally:
            del self._streams[lab.id], self._looked[lab.id]


def _running(labs: Iterable[Lab]) -> Iterator[Lab]:
    return (lab for lab in labs if lab.status is LabStatus.RUNNING)
