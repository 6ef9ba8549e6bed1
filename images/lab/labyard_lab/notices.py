"""A Jupyter Server extension that takes the platform's notices and hands them to JupyterLab.

It listens at the lab's root, where no route of the hub's leads, and believes nobody but who seals with
this lab's own key: no token, of whomever, makes a notice here.
"""

from __future__ import annotations

import inspect
import json
import os
import time
from collections import deque
from typing import Any

from tornado.web import RequestHandler

from labyard_lab import seal

_REMEMBERED = 1000
_LARGEST = 16 * 1024  # bytes


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    key = os.environ.pop(seal.KEY, "")  # programs in the lab have no use for it
    try:
        from jupyterlab_notifications_extension.routes import NotificationIngestHandler
    except ImportError:
        handler: Any = Unable
    else:
        handler = taking(NotificationIngestHandler)
    seen: deque[str] = deque(maxlen=_REMEMBERED)
    given = {"key": key, "seen": seen} if handler is not Unable else {}
    server.web_app.add_handlers(".*$", [(seal.PATH, handler, given)])


class Unable(RequestHandler):
    """Says that this lab has nothing to show notices with."""

    def check_xsrf_cookie(self) -> None:
        """Nothing is done here that a stranger could want."""

    def post(self) -> None:
        """Say so."""
        self.set_status(501)


def taking(ingest: Any) -> Any:
    """Return the handler that does what ``ingest`` does, for sealed notices alone."""
    show = inspect.unwrap(ingest.post)  # what it does once it knows who asks

    class Taking(ingest):  # type: ignore[misc]
        _track_activity = False  # nobody works here because we said something

        def initialize(self, key: str, seen: deque[str]) -> None:
            self._key, self._seen = key, seen

        def check_xsrf_cookie(self) -> None:
            """A seal is no cookie: no browser sends one by itself."""

        async def prepare(self) -> None:
            """Turn away what this lab's key did not seal."""
            headers, body = self.request.headers, self.request.body
            sealed = len(body) <= _LARGEST and seal.holds(
                self._key, headers.get(seal.SEAL, ""), headers.get(seal.TIME, ""), time.time(), body
            )
            if not sealed:
                self.set_status(401)
                self.finish()

        def post(self) -> None:
            """Show it, once."""
            notice = json.loads(self.request.body)
            if notice["id"] in self._seen:
                self.finish()
                return
            show(self)
            if self.get_status() == 200:
                self._seen.append(notice["id"])

    setattr(Taking.post, "__allow_unauthenticated", True)  # the seal has been looked at
    return Taking
