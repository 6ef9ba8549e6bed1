"""The files that pages need, compressed for whoever takes that."""

from __future__ import annotations

from tornado.web import HTTPError, RequestHandler

from labyard.web import security
from labyard.web.files import read

_FOR_EVER = "public, max-age=31536000, immutable"


class FileHandler(RequestHandler):
    """Our own files; an address with ``?v=`` never changes. They are no secret: nobody signs in for them."""

    def set_default_headers(self) -> None:
        """Protect this answer like every other."""
        for name, value in security.headers().items():
            self.set_header(name, value)

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
