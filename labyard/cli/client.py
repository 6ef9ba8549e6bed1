"""The hub's and the service's REST, as the command line calls them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from types import MappingProxyType
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from labyard.core.errors import Busy, LabyardError, NotFound, Refused

_SERVICE = "/services/labyard/api/"
_CHUNK = 2**18  # bytes
PAGE = 200  # as many as a hub gives at once
_PAGINATED = "application/jupyterhub-pagination+json"


class Unreachable(LabyardError):
    """Nobody answers where the hub should be."""

    code = "hub-unreachable"
    status = 503


class _NoRedirects(HTTPRedirectHandler):
    """The token goes nowhere but where it was sent."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """Calls an installation's REST with the command line's own token.

    ``url`` is the installation's address, base path included: ``http://127.0.0.1:8000/``.
    ``host`` is the name to ask for, where that is not the one in ``url``. Requests never pass through
    a proxy that the environment names.
    """

    def __init__(self, url: str, token: str, *, host: str = "", timeout: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._asked_for = {"Host": host} if host else {}
        self._token = token
        self._timeout = timeout
        self._opener = build_opener(ProxyHandler({}), _NoRedirects())

    def hub(self, method: str, *path: str, body: Any = None, **query: Any) -> Any:
        """Call the hub: ``hub("GET", "users", name)``. Every part of the path is escaped."""
        return self._call(method, "/hub/api/", path, body, query)

    def service(self, method: str, *path: str, body: Any = None, **query: Any) -> Any:
        """Call Labyard's own service."""
        return self._call(method, _SERVICE, path, body, query)

    def fetch(self, to: BinaryIO, *path: str, **query: Any) -> None:
        """Write what the service answers to ``to``, as it comes."""
        with self._asked("GET", _SERVICE, path, query) as answer:
            try:
                while chunk := answer.read(_CHUNK):
                    to.write(chunk)
            except HTTPException:
                raise LabyardError(
                    "The download broke off, so it is not whole.",
                    remedy="A file may have changed while it was read: try again.",
                ) from None

    def send(self, content: BinaryIO, *path: str, **query: Any) -> Any:
        """Send a file, from where it stands to its end, to the service; return what it answers."""
        begin = content.tell()
        size = content.seek(0, os.SEEK_END) - begin
        content.seek(begin)
        kind = {"Content-Type": "application/x-tar", "Content-Length": str(size)}
        with self._asked("POST", _SERVICE, path, query, data=content, headers=kind) as answer:
            return _decode(answer.read())

    def pages(self, *path: str, **query: Any) -> Iterator[Any]:
        """Yield every item of a list of the hub's, whatever number of pages it takes."""
        offset: int | None = 0
        while offset is not None:
            page = self.hub("GET", *path, offset=offset, limit=PAGE, **query)
            if isinstance(page, list):
                raise LabyardError(
                    "The hub gave a list without pages: it may not be whole.",
                    remedy="Check that nothing between here and the hub changes headers.",
                )
            yield from page["items"]
            following = page["_pagination"]["next"]
            offset = following["offset"] if following else None

    def _call(
        self, method: str, root: str, path: tuple[str, ...], body: Any, query: Mapping[str, Any]
    ) -> Any:
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"}
        with self._asked(method, root, path, query, data=data, headers=kind) as answer:
            return _decode(answer.read())

    @contextmanager
    def _asked(
        self,
        method: str,
        root: str,
        path: tuple[str, ...],
        query: Mapping[str, Any],
        *,
        data: bytes | BinaryIO | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Iterator[HTTPResponse]:
        address = self.url + root + "/".join(quote(part, safe="") for part in path)
        if query:
            address += "?" + urlencode(query)
        request = Request(  # noqa: S310 - the address is the installation's own
            address,
            method=method,
            data=data,
            headers={
                "Authorization": f"token {self._token}",
                "Accept": f"{_PAGINATED}, application/json",
                **self._asked_for,
                **headers,
            },
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                yield answer
        except HTTPError as error:
            raise explain(error.code, _decode(error.read()), method, address) from None
        except (URLError, OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(
                f"The hub does not answer at {self.url}/: {reason}.",
                remedy="`labyard up` starts it; `labyard status` says what runs.",
            ) from None


def _decode(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return content.decode(errors="replace")


def explain(status: int, body: Any, method: str, address: str) -> LabyardError:
    """Return the error that an answer of ``status`` stands for."""
    said = body if isinstance(body, dict) else {}
    message = str(said.get("message") or HTTPStatus(status).phrase)
    remedy = str(said.get("remedy") or "")
    match status:
        case 404:
            return NotFound(message, remedy=remedy)
        case 409:
            return Busy(message, remedy=remedy)
        case 401 | 403:
            return Refused(
                f"The hub refused {method} {address}: {message}",
                remedy=remedy or "Run this as the account that ran `labyard up`.",
            )
        case 502 | 503 | 504 if not said:
            return Unreachable(
                f"The hub does not answer at {address} ({status}).",
                remedy="`labyard up` starts it; `labyard doctor` says what is wrong.",
            )
        case _ if 400 <= status < 500:
            return Refused(message, remedy=remedy)
        case _:
            return LabyardError(f"{message} ({status})", remedy=remedy or "See the hub's log.")
