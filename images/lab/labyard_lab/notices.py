"""A Jupyter Server extension that takes the platform's notices and hands them to JupyterLab."""

from __future__ import annotations

import inspect
import json
from collections import deque
from typing import Any

from tornado.web import RequestHandler

from labyard_lab import seal
from labyard_lab.sealed import Sealed, key

_REMEMBERED = 1000


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    key()
    try:
        from jupyterlab_notifications_extension.routes import NotificationIngestHandler
    except ImportError:
        handler: Any = Unable
    else:
        handler = taking(NotificationIngestHandler)
    seen: deque[str] = deque(maxlen=_REMEMBERED)
    given = {"seen": seen} if handler is not Unable else {}
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

    class Taking(Sealed, ingest):  # type: ignore[misc]
        def initialize(self, seen: deque[str]) -> None:
            self._seen = seen

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
