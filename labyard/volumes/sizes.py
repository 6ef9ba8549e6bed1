"""How much is in volumes, measured in the background so that no page ever waits for it.

What nobody can have changed is not looked at again: a volume is measured once, then every few minutes
while a lab of its owner runs, once more after that, and whenever somebody asks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from labyard.core.errors import LabyardError
from labyard.core.models import Lab, LabStatus, Size, Volume
from labyard.core.names import USER_ID, Names
from labyard.engines.base import Engine

log = logging.getLogger(__name__)

_LOOK = 60.0  # seconds between looks at what there is to measure
_GAP = 2.0  # seconds between rounds, however often somebody asks
_AGAIN = timedelta(minutes=5)
_OLD = timedelta(days=1)
_FRESH, _LARGE = timedelta(seconds=30), timedelta(minutes=30)
_AT_ONCE = 20  # volumes in one go
_A_ROUND = 200  # volumes in one round
_SECONDS = 60.0  # for one go
_PATIENTLY = 600.0  # seconds for one that was too large for that


@dataclass(frozen=True, slots=True)
class Measured:
    """What was in a volume at a time."""

    size: Size
    at: datetime


class Sizes:
    """The sizes of one installation's volumes.

    ``known`` is by the volumes' names on the engine; ``under_way`` are those that are measured now or
    next; ``error`` says why the last try failed.
    """

    def __init__(self, engine: Engine, names: Names) -> None:
        self._engine = engine
        self._adopt = names.volume_prefix
        self._wake = asyncio.Event()
        self._asked: set[str] = set()
        self._now: frozenset[str] = frozenset()
        self._used: set[str] = set()  # since they were measured last
        self._held: set[str] = set()
        self._work: asyncio.Task[None] | None = None
        self._known: dict[str, Measured] = {}
        self.error: LabyardError | None = None

    @property
    def known(self) -> Mapping[str, Measured]:
        """Return what was measured last, by name on the engine."""
        return self._known

    @property
    def under_way(self) -> Collection[str]:
        """Return what is measured now or was asked for."""
        return self._now | self._asked

    def soon(self, volumes: Iterable[str]) -> None:
        """Measure ``volumes`` now rather than later: something has changed, or somebody asks."""
        self._asked.update(volumes)
        self._wake.set()

    def ask(self, volumes: Collection[str]) -> Collection[str]:
        """Have ``volumes`` measured, and return those that are being measured or will be soon.

        One that was measured a moment ago is not, and one that took minutes is left for half an hour:
        whoever asks again and again keeps nobody else waiting.
        """
        now = datetime.now(UTC)
        self.soon(
            v for v in set(volumes) - set(self.under_way) if not fresh(self._known.get(v), now)
        )
        return set(volumes) & set(self.under_way)

    @asynccontextmanager
    async def standing_back(self, volumes: Collection[str]) -> AsyncIterator[None]:
        """Keep away from ``volumes``, which are about to go; what was known of them is forgotten."""
        self._held.update(volumes)
        try:
            if self._work is not None and self._now & set(volumes):
                self._work.cancel()
                await asyncio.wait({self._work})
            yield
        finally:
            self._held.difference_update(volumes)
            for name in volumes:
                self._known.pop(name, None)
            self.soon(volumes)

    async def run(self) -> None:
        """Measure what is due again and again, until cancelled."""
        while True:
            self._wake.clear()  # before: what is asked for during a round has its own
            await self.round()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._wake.wait()
            await asyncio.sleep(_GAP)

    async def round(self) -> None:
        """Measure what is due once. An engine that fails leaves what is known, and the error."""
        try:
            await self._sweep()
            volumes = await self._engine.volumes(self._adopt)
            self._used |= set(used(volumes, await self._engine.labs()))
            there = {volume.name for volume in volumes}
            self._known = {n: m for n, m in self._known.items() if n in there}
            self._asked &= there
            wanted = due(there, self._known, self._used, self._asked, datetime.now(UTC))
            for names, seconds in goes(wanted, self._known):
                await self._go([name for name in names if name not in self._held], seconds)
            await self._sweep()  # what measuring came across
        except LabyardError as error:
            self.error = error
            self._asked.clear()
        except Exception:
            log.exception("Measuring volumes failed")
            self._asked.clear()
        else:
            self.error = None
        finally:
            self._now = frozenset()

    async def _sweep(self) -> None:
        with suppress(LabyardError):  # one that cannot be swept yet keeps nobody's sizes away
            await self._engine.sweep()

    async def _go(self, names: Sequence[str], seconds: float) -> None:
        self._now = frozenset(names)
        self._asked -= self._now
        self._work = asyncio.create_task(self._measure(names, seconds))
        try:
            await asyncio.wait({self._work})
        except asyncio.CancelledError:
            self._work.cancel()
            await asyncio.wait({self._work})
            raise
        finally:
            work, self._work, self._now = self._work, None, frozenset()
        if not work.cancelled():
            work.result()

    async def _measure(self, names: Sequence[str], seconds: float) -> None:
        before = datetime.now(UTC)
        found = await self._engine.measure(names, seconds)
        self._known.update({name: Measured(size, before) for name, size in found.items()})
        self._used.difference_update(found)


def fresh(known: Measured | None, now: datetime) -> bool:
    """Return whether asking for a volume's size again is too soon."""
    return known is not None and now - known.at < (_FRESH if known.size.whole else _LARGE)


def used(volumes: Iterable[Volume], labs: Iterable[Lab]) -> Iterator[str]:
    """Return the volumes that something may be written to now: a running lab's owner's, and shared ones."""
    people = {lab.labels.get(USER_ID) for lab in labs if lab.status is LabStatus.RUNNING}
    for volume in volumes:
        owner = volume.labels.get(USER_ID)
        if owner in people or (owner is None and people):
            yield volume.name


def due(
    there: Collection[str],
    known: Mapping[str, Measured],
    used: Collection[str],
    asked: Collection[str],
    now: datetime,
) -> Sequence[str]:
    """Return what to measure in this round: what was asked for first, then the longest unmeasured."""

    def wanted(name: str) -> bool:
        if name in asked or name not in known:
            return True
        age = now - known[name].at
        return age > (_AGAIN if name in used else _OLD)

    never = datetime.min.replace(tzinfo=UTC)
    rank = {
        name: (name not in asked, known[name].at if name in known else never, name)
        for name in there
        if wanted(name)
    }
    return sorted(rank, key=rank.__getitem__)[:_A_ROUND]


def goes(names: Sequence[str], known: Mapping[str, Measured]) -> Iterator[tuple[list[str], float]]:
    """Yield which volumes to measure in one go, and for how many seconds at most.

    One whose time was up before gets one of its own: it must not keep the others waiting.
    """
    large = {name for name in names if name in known and not known[name].size.whole}
    usual = [name for name in names if name not in large]
    for at in range(0, len(usual), _AT_ONCE):
        yield usual[at : at + _AT_ONCE], _SECONDS
    for name in names:
        if name in large:
            yield [name], _PATIENTLY
