"""The files that pages need, compressed for whoever takes that."""

from __future__ import annotations

from tornado.web import HTTPError

from labyard.web.files import read
from labyard.web.handlers.base import Protected

_FOR_EVER = "public, max-age=31536000, immutable"


class FileHandler(Protected):
    """Our own files; an address with ``?v=`` never changes. They are no secret: nobody signs in for them."""

    def get(self, name: str) -> None:
        """Answer the file; a browser that has it already is told so."""
        if (file := read(name)) is None:
            raise HTTPError(404)
        self.set_header("Content-Type", file.kind)
        self.set_header("Vary", "Accept-Encoding")
        versioned = bool(self.get_query_argument("v", ""))
        self.set_header("Cache-Control", _FOR_EVER if versioned else "no-cache")
        packed = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if packed:
            self.set_header("Content-Encoding", "gzip")
        self.finish(file.packed if packed else file.content)


class SiteStyleHandler(Protected):
    """The site's own colours. They change with the settings, so that each look asks again."""

    def initialize(self, sheet: str) -> None:
        """Take the style sheet."""
        self._sheet = sheet

    def get(self) -> None:
        """Answer it; a browser that has it already is told so."""
        self.set_header("Content-Type", "text/css; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(self._sheet)
