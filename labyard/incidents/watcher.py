"""Follows the engine in the background and keeps the board: nothing here is asked for by a page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

from labyard.core import causes
from labyard.core.errors import LabyardError, NotFound
from labyard.core.models import Happening, LabEvent, LabStatus
from labyard.engines.base import Engine
from labyard.incidents.board import Board
from labyard.incidents.events import ended_by_itself, of_event, of_remains, whose
from labyard.incidents.incident import Incident
from labyard.incidents.reading import Ask, Reports
from labyard.incidents.report import of_report, read

log = logging.getLogger(__name__)

# Seconds: until an end counts as unasked, and until an engine that fell silent is asked again.
_SETTLED = 2.0
_AGAIN = 3.0

# Called with news: the lab (its name) and what happened. Tells whoever works there.
Tell = Callable[[str, Incident], Awaitable[None]]


class Watcher:
    """Puts what happens to the labs of ``engine`` on ``board``, and calls ``tell`` with the news.

    ``changed`` is called whenever labs may have come or gone, ``ask`` to hear what labs report.
    """

    def __init__(
        self,
        engine: Engine,
        board: Board,
        tell: Tell | None = None,
        changed: Callable[[], None] = lambda: None,
        ask: Ask | None = None,
    ) -> None:
        self._engine = engine
        self.board = board
        self._tell = tell
        self._changed = changed
        self._reports = Reports(engine, ask)
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._met = False

    async def run(self) -> None:
        """Watch until cancelled; an engine that is away is waited for."""
        try:
            while True:
                try:
                    await self._meet()
                    self._changed()  # what happened while nobody watched
                    self._errand(self._meet_later())
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

    async def _meet(self) -> None:
        """Follow the labs that run, and find the ends that nobody told of."""
        for lab in await self._engine.labs():
            followed = lab.name in self._readers
            if lab.status is LabStatus.RUNNING and not followed:
                self._follow(lab.name, *whose(lab.labels))
            elif lab.status is LabStatus.STOPPED and (followed or not self._met):
                self._leave(lab.name, lab.labels)
                self._errand(self._missed(lab.name, followed=followed))
        self._met = True

    async def _meet_later(self) -> None:
        """Look once more: a lab may end between a list and the first event."""
        await asyncio.sleep(_AGAIN)
        await self._meet()

    def _take(self, event: LabEvent) -> None:
        user_id, server = whose(event.labels)
        if event.kind is not Happening.MEMORY:
            self._changed()
        match event.kind:
            case Happening.STARTED:
                self._follow(event.lab, user_id, server)
            case Happening.ENDED:
                if self._leave(event.lab, event.labels):
                    self._errand(self._ended(event))
            case Happening.MEMORY:
                self._put(event.lab, of_event(event))

    async def _ended(self, event: LabEvent) -> None:
        await asyncio.sleep(_SETTLED)
        if not event.asked and ended_by_itself(await self._engine.lab(event.lab)):
            self._put(event.lab, of_event(event))

    async def _missed(self, name: str, *, followed: bool) -> None:
        await asyncio.sleep(_SETTLED)
        lab = await self._engine.lab(name)
        if lab is not None and ended_by_itself(lab):
            self._put(name, of_remains(lab, datetime.now(UTC), followed=followed))

    def _put(self, lab: str, incident: Incident | None) -> None:
        if incident is not None and self.board.put(incident):
            log.info("%s: %s. %s", lab, incident.cause.title, incident.facts)
            if incident.cause is causes.KERNEL_OUT_OF_MEMORY:
                self._say(lab, incident)

    # -- what labs report -------------------------------------------------------------------------

    def _follow(self, lab: str, user_id: int | None, server: str) -> None:
        """Follow a lab that runs, or runs again."""
        if user_id is None:
            return
        self.board.started(user_id, server)
        if before := self._readers.get(lab):
            before.cancel()
        self._readers[lab] = asyncio.create_task(self._read_on(lab, user_id, server))

    def _leave(self, lab: str, labels: Mapping[str, str]) -> bool:
        """Follow a lab no more; return whether it was. What lasted in it is not known any more."""
        user_id, server = whose(labels)
        if user_id is not None:
            self.board.settle(user_id, server, [])
        if reader := self._readers.pop(lab, None):
            reader.cancel()
        return reader is not None

    async def _read_on(self, lab: str, user_id: int, server: str) -> None:
        try:
            async with aclosing(self._reports.of(lab)) as told:
                async for content in told:
                    self._settle(lab, user_id, server, content)
        except NotFound:  # an end that the engine did not tell of
            self._readers.pop(lab, None)
            self.board.settle(user_id, server, [])

    def _settle(self, lab: str, user_id: int, server: str, content: bytes) -> None:
        lasting = of_report(read(content), user_id, server, datetime.now(UTC))
        for incident in self.board.settle(user_id, server, lasting):
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
