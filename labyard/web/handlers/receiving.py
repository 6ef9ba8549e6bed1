"""Handlers that take a large body as it comes, and never hold it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from tornado.web import HTTPError

from labyard.core.errors import Forbidden, LabyardError
from labyard.core.units import show_bytes
from labyard.web.handlers.base import Handler, SignInNeeded
from labyard.web.incoming import Body
from labyard.web.security import TooLarge

log = logging.getLogger(__name__)

_LONGEST = 24 * 3600.0  # seconds an upload may take in all


class Receiving(Handler):
    """Takes a body as it comes. What it is for begins with the first bytes, in a task of its own."""

    incoming: Body
    work: asyncio.Task[int]

    def expect(self) -> None:
        """Begin to take the body, which may be large here and nowhere else."""
        most = self.parts.settings.uploads.max_size
        told = self.request.headers.get("Content-Length", "")
        if told.isdigit() and int(told) > most:
            raise TooLarge(
                f"More than {show_bytes(most)} at once is not taken here.",
                remedy="Send it in parts, or have an administrator raise uploads.max_size.",
            )
        connection: Any = self.request.connection
        connection.set_max_body_size(most)
        connection.set_body_timeout(_LONGEST)
        self.incoming = Body()
        self.work = asyncio.create_task(self._to_its_end())

    async def _to_its_end(self) -> int:
        try:
            return await self.receive()
        finally:
            self.incoming.close()

    async def receive(self) -> int:
        """Put what comes where it belongs, and return how many files that were."""
        raise NotImplementedError

    async def data_received(self, chunk: bytes) -> None:
        """Pass a chunk on. Who may not send is told at once; others when all has come."""
        await self.incoming.put(chunk)
        error = self.work.exception() if self.work.done() else None
        if isinstance(error, (SignInNeeded, Forbidden, HTTPError)) and not self._finished:
            self.send_error(
                getattr(error, "status", 403), exc_info=(type(error), error, error.__traceback__)
            )

    async def outcome(self) -> int:
        """Return how many files were taken, when all is done."""
        await self.incoming.end()
        return await self.work

    def on_connection_close(self) -> None:
        """Undo what was begun: whoever sent is gone."""
        super().on_connection_close()
        if hasattr(self, "work") and not self.work.done():
            self.incoming.break_off()
            self.work.add_done_callback(_seen)


def _seen(work: asyncio.Task[int]) -> None:
    error = None if work.cancelled() else work.exception()
    if error is not None and not isinstance(error, LabyardError):
        log.error("An upload that broke off: %r", error)
