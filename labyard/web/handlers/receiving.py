"""Handlers that take a large body as it comes, and never hold it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from tornado.web import HTTPError

from labyard.core.errors import Forbidden, LabyardError, Refused
from labyard.core.models import Owner
from labyard.core.units import show_bytes
from labyard.volumes.transfers import Upload
from labyard.web.handlers.base import Handler, SignInNeeded
from labyard.web.incoming import Body
from labyard.web.security import TooLarge

log = logging.getLogger(__name__)

# Seconds: an upload may take in all; until it is known who sends; in which a small body is whole, so
# that the connection need not end.
_LONGEST = 24 * 3600.0
_UNKNOWN = 10.0
_MOMENT = 0.1

_STEP = 2**20  # bytes, more than come at a time


class TooSlow(Refused):
    """What was announced does not come."""

    code = "too-slow"
    status = 408


class Receiving(Handler):
    """Takes a body as it comes. What it is for begins with the first bytes, in a task of its own.

    Until it is ``known`` that whoever sends may, the connection ends within seconds, and with whatever
    is wrong. After that it may take long, but not be silent.
    """

    incoming: Body
    work: asyncio.Task[int]
    known = False
    # For the audit: whose volume and where in it, and how many files came.
    wanted: tuple[Owner, Upload] | None = None
    files: int | None = None
    _watching: asyncio.Task[None] | None = None

    def expect(self) -> None:
        """Begin to take the body, which may be large here and nowhere else."""
        told = self.request.headers.get("Content-Length", "")
        self._demand_room(int(told) if told.isdigit() else 0)
        connection: Any = self.request.connection
        connection.set_max_body_size(self._most + _STEP)  # which would end it without a word
        connection.set_body_timeout(_LONGEST)
        self.incoming = Body()
        self.work = asyncio.create_task(self._to_its_end())
        self.work.add_done_callback(self._over)
        self._watching = asyncio.create_task(self._watch())

    @property
    def _most(self) -> int:
        return self.parts.settings.uploads.max_size

    def _demand_room(self, size: int) -> None:
        if size > self._most:
            raise TooLarge(
                f"More than {show_bytes(self._most)} at once is not taken here.",
                remedy="Send it in parts, or have an administrator raise uploads.max_size.",
            )

    async def _to_its_end(self) -> int:
        try:
            return await self.receive()
        finally:
            self.incoming.close()

    async def receive(self) -> int:
        """Put what comes where it belongs, and return how many files that were."""
        raise NotImplementedError

    async def data_received(self, chunk: bytes) -> None:
        """Pass a chunk on. One that is too many ends it, and undoes what was begun."""
        try:
            self._demand_room(self.incoming.came + len(chunk))
        except TooLarge as error:
            self._refuse(error)
            self.incoming.break_off()
        else:
            await self.incoming.put(chunk)

    async def outcome(self) -> int:
        """Return how many files were taken, when all is done."""
        await self.incoming.end()
        return await self.work

    async def _watch(self) -> None:
        await asyncio.sleep(_UNKNOWN)
        if self.known:
            await self.incoming.silence()
        if not self.incoming.whole:
            self._refuse(TooSlow("The upload came too slowly.", remedy="Send it again, in one go."))
            self.incoming.break_off()

    def _over(self, work: asyncio.Task[int]) -> None:
        """Tell who may not send at once; others when all has come, as a browser that sends is deaf."""
        error = None if work.cancelled() else work.exception()
        if error is None:
            return
        if self.incoming.broken and not isinstance(error, LabyardError):
            log.error("An upload that broke off: %r", error)
        if not self.known or isinstance(error, (SignInNeeded, Forbidden, HTTPError)):
            asyncio.get_running_loop().call_later(_MOMENT, self._refuse, error)

    def _refuse(self, error: BaseException) -> None:
        """Answer before all has come, which ends the connection."""
        if not (self.incoming.whole or self.incoming.broken or self._finished):
            self.send_error(
                getattr(error, "status", 403), exc_info=(type(error), error, error.__traceback__)
            )

    def on_finish(self) -> None:
        """Watch no more."""
        super().on_finish()
        if self._watching is not None:
            self._watching.cancel()

    def on_connection_close(self) -> None:
        """Undo what was begun: whoever sent is gone."""
        super().on_connection_close()
        if self._watching is not None:
            self._watching.cancel()
            self.incoming.break_off()
