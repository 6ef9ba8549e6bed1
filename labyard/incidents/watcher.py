"""Follows the engine in the background and keeps the board: nothing here is asked for by a page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from datetime import UTC, datetime

from labyard.core.errors import LabyardError, NotFound
from labyard.core.models import Happening, Lab, LabEvent, LabStatus
from labyard.engines.base import Engine
from labyard.incidents.board import Board
from labyard.incidents.events import ended_by_itself, of_event, whose
from labyard.incidents.incident import Incident
from labyard.incidents.report import of_report, read

log = logging.getLogger(__name__)

# Seconds: until an end counts as unasked, between looks at a lab's report (a few soon after its start,
# seldom where many labs run), and until an engine that fell silent is asked again.
_SETTLED = 2.0
_SOON = (1.0, 1.0, 1.0, 2.0, 2.0, 2.0)
_OFTEN = 30.0
_A_SECOND = 4.0  # reports, of all labs together
_AGAIN = 3.0
_AT_ONCE = 4

# Called with news: the lab (its name) and what happened. Tells whoever works there.
Tell = Callable[[str, Incident], Awaitable[None]]


class Watcher:
    """Puts what happens to the labs of ``engine`` on ``board``, and calls ``tell`` with the news.

    ``changed`` is called whenever labs may have come or gone.
    """

    def __init__(
        self,
        engine: Engine,
        board: Board,
        tell: Tell | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self.board = board
        self._tell = tell
        self._changed = changed
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._errands: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Watch until cancelled; an engine that is away is waited for."""
        try:
            while True:
                try:
                    self._meet(await self._engine.labs())
                    self._changed()  # what happened while nobody watched
                    async with aclosing(self._engine.watch()) as events:
                        async for event in events:
                            self._take(event)
                except LabyardError as error:
                    log.info("Watching the labs waits: %s", error)
                except Exception:
                    log.exception("Watching the labs failed")
                await asyncio.sleep(_AGAIN)
        finally:
            for task in (*self._readers.values(), *self._errands):
                task.cancel()

    def _meet(self, labs: Iterable[Lab]) -> None:
        for lab in labs:
            if lab.status is LabStatus.RUNNING and lab.name not in self._readers:
                self._follow(lab.name, *whose(lab.labels))

    def _take(self, event: LabEvent) -> None:
        user_id, server = whose(event.labels)
        if event.kind is not Happening.MEMORY:
            self._changed()
        match event.kind:
            case Happening.STARTED:
                self._follow(event.lab, user_id, server)
            case Happening.ENDED:
                if reader := self._readers.pop(event.lab, None):
                    reader.cancel()
                if user_id is not None:  # what lasted in it is not known any more
                    self.board.settle(user_id, server, [])
                self._errand(self._ended(event))
            case Happening.MEMORY:
                self._put(event)

    async def _ended(self, event: LabEvent) -> None:
        await asyncio.sleep(_SETTLED)
        if ended_by_itself(await self._engine.lab(event.lab)):
            self._put(event)

    def _put(self, event: LabEvent) -> None:
        incident = of_event(event)
        if incident is not None and self.board.put(incident):
            log.info("%s: %s. %s", event.lab, incident.cause.title, incident.facts)
            if event.kind is not Happening.ENDED:
                self._say(event.lab, incident)

    # -- what labs report -------------------------------------------------------------------------

    def _follow(self, lab: str, user_id: int | None, server: str) -> None:
        if user_id is None:
            return
        if before := self._readers.get(lab):
            before.cancel()
        self._readers[lab] = asyncio.create_task(self._read_on(lab, user_id, server))

    async def _read_on(self, lab: str, user_id: int, server: str) -> None:
        looks = 0
        try:
            while True:
                often = max(_OFTEN, len(self._readers) / _A_SECOND)
                await asyncio.sleep(_SOON[looks] if looks < len(_SOON) else often)
                looks += 1
                await self._read(lab, user_id, server)
        except NotFound:  # an end that the engine did not tell of
            self._readers.pop(lab, None)
            self.board.settle(user_id, server, [])

    async def _read(self, lab: str, user_id: int, server: str) -> None:
        try:
            async with self._gate:
                report = read(await self._engine.report(lab))
        except NotFound:
            raise
        except LabyardError:
            return  # the engine is away: what was known stays
        except Exception:
            log.exception("Reading what %s reports failed", lab)
            return
        for incident in self.board.settle(
            user_id, server, of_report(report, user_id, server, datetime.now(UTC))
        ):
            log.info("%s: %s. %s", lab, incident.cause.title, ascii(incident.facts))
            self._say(lab, incident)

    # -- errands ----------------------------------------------------------------------------------

    def _say(self, lab: str, incident: Incident) -> None:
        if self._tell is not None:
            self._errand(self._tell(lab, incident))

    def _errand(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except LabyardError as error:
                log.info("%s", error)
            except Exception:
                log.exception("Telling of an incident failed")

        task = asyncio.create_task(run())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
