"""How this room's errors become answers of the hub."""

from __future__ import annotations

from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler
from tornado import web

from labyard.core.errors import LabyardError
from labyard.core.rest import OneShape

# A form of this room has a name and two passwords in it, a body of its REST even less.
_MOST_BYTES = 16 * 1024


def headers(error: LabyardError) -> dict[str, str]:
    """Return the headers that go with ``error``."""
    return {"Retry-After": str(error.wait)} if error.wait else {}


def as_http(error: LabyardError) -> web.HTTPError:
    """Return what the hub's own handlers understand."""
    return _Answer(error)


def own_address(handler: Any) -> str:
    """Return the hub's whole address as people type it: the site's, else the one they asked for."""
    public, request = handler.settings.get("public_url"), handler.request
    scheme, host = (public.scheme, public.netloc) if public else (request.protocol, request.host)
    return f"{scheme}://{host}{handler.hub.base_url}"


class _Answer(web.HTTPError):
    """The hub's handlers add ``headers`` to what they answer."""

    def __init__(self, error: LabyardError) -> None:
        super().__init__(error.status, "%s", error)
        self.headers = headers(error)
        self.code = error.code


class _Explained:
    """Errors that a person may see go to that person, not into the log as a crash."""

    most_bytes = _MOST_BYTES

    async def prepare(self) -> None:
        """Refuse what is too large to be a form before anything is done with it."""
        await super().prepare()  # type: ignore[misc]
        if len(self.request.body) > self.most_bytes:  # type: ignore[attr-defined]
            raise web.HTTPError(413, "This is larger than any form here.")

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Log one line for an error that says what is wrong, a traceback for all others."""
        self.wrong = error  # for the audit
        if isinstance(error, LabyardError):
            self.log.info("Refused: %s", error)  # type: ignore[attr-defined]
        else:
            super().log_exception(kind, error, trace)  # type: ignore[misc]


class Page(_Explained, BaseHandler):
    """A page of this room."""

    def set_default_headers(self) -> None:
        """Keep pages with names and codes out of caches."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Show the hub's error page with what the error says."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, LabyardError):
            self.set_status(error.status)
            http = as_http(error)
            kwargs["exc_info"] = (type(http), http, None)
        super().write_error(self.get_status(), **kwargs)

    def field(self, name: str, *, strip: bool = False) -> str:
        """Return a field of the form; 400 without it."""
        return str(self.get_body_argument(name, strip=strip))

    async def show(self, template: str, error: LabyardError | None = None, **values: Any) -> None:
        """Answer with a page, with the error above its form if there is one."""
        self.wrong = error
        if error is not None:
            self.set_status(error.status)
            for name, value in headers(error).items():
                self.set_header(name, value)
        values.setdefault("authenticator", self.authenticator)
        self.finish(await self.render_template(template, error=error, **values))


class Rest(OneShape, _Explained, APIHandler):
    """An address of this room's REST. Every error is the JSON of ``LabyardError``."""

    def body(self, **kinds: type) -> dict[str, Any]:
        """Return the JSON object sent, with exactly the keys of ``kinds``; those may be left out.

        Raises
        ------
        tornado.web.HTTPError
            400 for anything else.
        """
        sent = self.get_json_body()
        if sent is None:
            sent = {}
        if not isinstance(sent, dict):
            raise web.HTTPError(400, "The body has to be a JSON object.")
        for key, value in sent.items():
            if key not in kinds:
                raise web.HTTPError(400, f"Unknown key {key[:40]!r}; known are {sorted(kinds)}.")
            if type(value) is not kinds[key]:
                raise web.HTTPError(400, f"{key} has to be a {kinds[key].__name__}.")
        return sent

    def number(self, name: str, default: int) -> int:
        """Return a whole number of the query.

        Raises
        ------
        tornado.web.HTTPError
            400 when it is none.
        """
        text = str(self.get_query_argument(name, str(default)))
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise web.HTTPError(400, f"{name} has to be a whole number.")
        return int(text)
