"""Handlers at the lab's root, where no route of the hub's leads.

They believe nobody but who seals with this lab's own key: no token, of whomever, is taken here.
"""

from __future__ import annotations

import functools
import os
import time

from tornado.web import RequestHandler

from labyard_lab import seal

_LARGEST = 16 * 1024  # bytes


@functools.cache
def key() -> str:
    """Return the lab's key, and take it from the environment: programs here have no use for it."""
    return os.environ.pop(seal.KEY, "")


class Sealed(RequestHandler):
    """Turns away what this lab's key did not seal."""

    _track_activity = False  # nobody works here because the platform asked something

    def check_xsrf_cookie(self) -> None:
        """A seal is no cookie: no browser sends one by itself."""

    async def prepare(self) -> None:
        """Look at the seal."""
        headers, body = self.request.headers, self.request.body
        found, made = headers.get(seal.SEAL, ""), headers.get(seal.TIME, "")
        if len(body) > _LARGEST or not seal.holds(key(), found, made, time.time(), body):
            self.set_status(401)
            self.finish()
