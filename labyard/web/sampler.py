"""What the engine last said, looked at in the background so that no page ever waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from labyard.core.errors import LabyardError
from labyard.core.models import EngineInfo, Lab, Usage, Volume
from labyard.core.names import SERVER, USER_ID
from labyard.engines.base import Engine
from labyard.web.figures import Figures

log = logging.getLogger(__name__)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at the engine. ``error`` says why there is none; what was seen before stays.

    ``labs`` are by user id, as in labels, and server name. ``history`` is what labs used, oldest first,
    by lab id; it goes on after the look.
    """

    info: EngineInfo | None = None
    labs: Mapping[Key, Lab] = field(default_factory=dict)
    history: Mapping[str, Sequence[Usage]] = field(default_factory=dict)
    volumes: Sequence[Volume] = ()
    error: LabyardError | None = None

    def lab(self, user_id: int, server: str) -> Lab | None:
        """Return a lab, or None when none was seen."""
        return self.labs.get((str(user_id), server))

    def usage(self, user_id: int, server: str) -> Sequence[Usage]:
        """Return the figures of a lab, oldest first."""
        lab = self.lab(user_id, server)
        return self.history.get(lab.id, ()) if lab else ()


class Sampler:
    """Looks at the engine every ``interval`` seconds and keeps the last answer.

    What labs use is asked every ``survey`` seconds, and followed second by second where somebody
    looks at it (:meth:`look_at`).
    """

    def __init__(
        self, engine: Engine, *, interval: float = 10.0, survey: float = 60.0, adopt: str = ""
    ) -> None:
        self._engine = engine
        self._interval = interval
        self._survey = survey
        self._adopt = adopt
        self._wake = asyncio.Event()
        self.figures = Figures(engine)
        self.snapshot = Snapshot(history=self.figures.history)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        surveying = asyncio.create_task(self._survey_forever())
        try:
            while True:
                self._wake.clear()  # before: what changes during a look is looked at again
                await self.look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._interval):
                        await self._wake.wait()
        finally:
            surveying.cancel()
            await asyncio.gather(surveying, return_exceptions=True)
            await self.figures.close()

    def soon(self) -> None:
        """Look now rather than later: something has just changed."""
        self._wake.set()

    def look_at(self, user_id: int) -> None:
        """Follow what a person's labs use for the next half minute: somebody looks at it."""
        whose = str(user_id)
        self.figures.look(lab for key, lab in self.snapshot.labs.items() if key[0] == whose)

    async def look(self) -> None:
        """Look once. An engine that fails leaves what was seen before, and the error."""
        try:
            info = await self._engine.info()
            labs = {_key(lab): lab for lab in await self._engine.labs()}
            volumes = await self._engine.volumes(self._adopt)
        except LabyardError as error:
            self.snapshot = replace(self.snapshot, error=error)
        except Exception:
            log.exception("Looking at the engine failed")
        else:
            self.figures.keep(labs.values())
            self.snapshot = Snapshot(info, labs, self.figures.history, volumes)

    async def _survey_forever(self) -> None:
        while True:
            try:
                await self.figures.survey(self.snapshot.labs.values())
            except LabyardError as error:
                log.debug("No survey: %s", error)
            except Exception:
                log.exception("Asking what labs use failed")
            await asyncio.sleep(self._survey if self.snapshot.labs else 1.0)


def _key(lab: Lab) -> Key:
    return lab.labels.get(USER_ID, ""), lab.labels.get(SERVER, "")
