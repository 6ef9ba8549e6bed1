"""The stream of figures: what a person's own labs use, as server-sent events."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tornado.iostream import StreamClosedError

from labyard.core.errors import Busy, LabyardError
from labyard.core.models import Owner
from labyard.options.limits import Limits
from labyard.web import rights
from labyard.web.handlers.home import OwnHandler
from labyard.web.servers import Person
from labyard.web.view.server import ServerView, view_server
from labyard.web.view.words import utc_now

log = logging.getLogger(__name__)

_LOOK = 0.5  # seconds between looks for a new figure
_AGAIN = 10.0  # seconds after which the hub is asked anew, which also checks the caller's token
_QUIET = 15.0  # seconds of silence that proxies are not left with
_MOST = 8  # streams of one person

_open: Counter[int] = Counter()


class FiguresHandler(OwnHandler):
    """Tells figures for as long as a page listens."""

    _gone = False

    def on_connection_close(self) -> None:
        """Note that nobody listens any more."""
        self._gone = True

    async def get(self) -> None:
        """Answer events called ``figures``, each the elements to replace."""
        if (
            self.caller is None
        ):  # no way to sign in here: the page itself asks again and leads there
            self.set_status(401)
            return
        owner = await self.owner(rights.READ)
        if _open[owner.id] >= _MOST:
            raise Busy("Too many pages show these figures.", remedy="Close some of them.")
        _open[owner.id] += 1
        try:
            await self._tell(owner)
        except (StreamClosedError, asyncio.CancelledError):
            pass  # the page went, or the service does
        except LabyardError as error:  # a page that is left asks again
            log.debug("Figures of %s end: %s", owner.name, error)
        finally:
            _open[owner.id] -= 1

    async def _tell(self, owner: Owner) -> None:
        clock = asyncio.get_running_loop().time
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        before: Sequence[Any] = ()
        asked = spoken = float("-inf")
        while not self._gone:
            if clock() - asked > _AGAIN:
                person = await self.parts.actions.hub.person(self.token, owner.name)
                asked = clock()
            self.parts.sampler.look_at(owner.id)
            newest = self._newest(person, owner)
            if newest != before and self.parts.sampler.snapshot.error is None:
                before, spoken = newest, clock()
                limits = (await self.parts.shares.of(owner)).limits
                await self._send("figures", self._drawn(person, owner, limits))
            elif clock() - spoken > _QUIET:
                spoken = clock()
                await self._send("quiet", "")
            await asyncio.sleep(_LOOK)

    def _newest(self, person: Person, owner: Owner) -> Sequence[Any]:
        snapshot = self.parts.sampler.snapshot
        told = [snapshot.usage(owner.id, name)[-1:] for name in sorted(person.servers)]
        return [usage.taken for last in told for usage in last]

    def _drawn(self, person: Person, owner: Owner, limits: Limits) -> str:
        snapshot = self.parts.sampler.snapshot
        servers: list[ServerView] = [
            view_server(server, owner, snapshot, limits, utc_now())
            for server in person.servers.values()
            if server.ready and not server.pending
        ]
        return self.parts.frame.part("service/figures_told.html", servers=servers)

    async def _send(self, event: str, data: str) -> None:
        lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
        self.write(f"event: {event}\n{lines}\n")
        await self.flush()
