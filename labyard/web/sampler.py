"""What the engine last said, looked at in the background so that no page ever waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labyard.core.errors import LabyardError
from labyard.core.models import EngineInfo, Lab, LabStatus, Usage, Volume
from labyard.core.names import SERVER, USER_ID
from labyard.engines.base import Engine

log = logging.getLogger(__name__)

_AT_ONCE = 8  # usage questions to the engine
_KEPT = 120  # samples of one lab

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at the engine. ``error`` says why there is none; what was seen before stays.

    ``labs`` and ``history`` (oldest first) are by user id, as in labels, and server name.
    """

    info: EngineInfo | None = None
    labs: Mapping[Key, Lab] = field(default_factory=dict)
    history: Mapping[Key, Sequence[Usage]] = field(default_factory=dict)
    volumes: Sequence[Volume] = ()
    error: LabyardError | None = None

    def lab(self, user_id: int, server: str) -> Lab | None:
        """Return a lab, or None when none was seen."""
        return self.labs.get((str(user_id), server))

    def usage(self, user_id: int, server: str) -> Sequence[Usage]:
        """Return the samples of a lab, oldest first."""
        return self.history.get((str(user_id), server), ())


class Sampler:
    """Looks at the engine every ``interval`` seconds and keeps the last answer."""

    def __init__(self, engine: Engine, *, interval: float = 10.0, adopt: str = "") -> None:
        self._engine = engine
        self._interval = interval
        self._adopt = adopt
        self._history: dict[Key, tuple[str, deque[Usage]]] = {}
        self._wake = asyncio.Event()
        self.snapshot = Snapshot()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            self._wake.clear()
            try:
                async with asyncio.timeout(self._interval):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def soon(self) -> None:
        """Look now rather than later: something has just changed."""
        self._wake.set()

    async def look(self) -> None:
        """Look once. An engine that fails leaves what was seen before, and the error."""
        try:
            info = await self._engine.info()
            labs = {_key(lab): lab for lab in await self._engine.labs()}
            volumes = await self._engine.volumes(self._adopt)
            await self._measure(labs)
        except LabyardError as error:
            seen = self.snapshot
            self.snapshot = Snapshot(seen.info, seen.labs, seen.history, seen.volumes, error)
        except Exception:
            log.exception("Looking at the engine failed")
        else:
            history = {key: tuple(samples) for key, (_, samples) in self._history.items()}
            self.snapshot = Snapshot(info, labs, history, volumes)

    async def _measure(self, labs: Mapping[Key, Lab]) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def measure(lab: Lab) -> Usage | None:
            async with gate:
                return await self._engine.usage(lab.name)

        running = {k: lab for k, lab in labs.items() if lab.status is LabStatus.RUNNING}
        found = await asyncio.gather(*map(measure, running.values()))
        kept = {}
        for (key, lab), usage in zip(running.items(), found, strict=True):
            before, samples = self._history.get(key, ("", deque[Usage]()))
            samples = samples if before == lab.id else deque(maxlen=_KEPT)
            if usage is not None:
                samples.append(usage)
            kept[key] = (lab.id, samples)
        self._history = kept


def _key(lab: Lab) -> Key:
    return lab.labels.get(USER_ID, ""), lab.labels.get(SERVER, "")
