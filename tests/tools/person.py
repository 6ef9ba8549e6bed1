"""A person with a browser: signs in, starts labs, and asks for what they should not."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urljoin

import requests

_HIDDEN = re.compile(r'name="_xsrf"\s+value="([^"]+)"')


class Person:
    """A session of cookies and the paths people use. ``url`` is the hub's base URL."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self.http = requests.Session()
        self._token = ""

    # -- pages ------------------------------------------------------------------------------------

    def get(self, path: str, **options: Any) -> requests.Response:
        """Open a page below the base URL."""
        return self.http.get(urljoin(self.url, path), **{"timeout": 60, **options})

    def submit(self, path: str, fields: dict[str, str], **options: Any) -> requests.Response:
        """Open a page and send its form back with ``fields`` filled in."""
        page = self.get(path)
        found = _HIDDEN.search(page.text)
        token = found[1] if found else self.xsrf("hub")
        return self.http.post(
            urljoin(self.url, path), data={"_xsrf": token, **fields}, timeout=60, **options
        )

    def submit_at(self, page: str, path: str, fields: dict[str, str]) -> requests.Response:
        """Send a form of ``page`` to an address below it."""
        found = _HIDDEN.search(self.get(page).text)
        data = {"_xsrf": found[1] if found else "", **fields}
        return self.http.post(urljoin(self.url, page + path), data=data, timeout=60)

    def xsrf(self, below: str) -> str:
        """Return the XSRF cookie of the pages below a path, as a script on them would read it."""
        cookies = [c for c in self.http.cookies if c.name == "_xsrf" and below in c.path]
        return str(max(cookies, key=lambda c: len(c.path)).value)

    # -- accounts ---------------------------------------------------------------------------------

    def sign_up(self, password: str, *, bootstrap: str = "") -> requests.Response:
        """Ask for an account; with the bootstrap secret, become the first admin."""
        fields = {"username": self.name, "password": password, "confirm": password}
        if bootstrap:
            return self.submit(
                "hub/bootstrap", {**fields, "secret": bootstrap}, allow_redirects=False
            )
        return self.submit("hub/signup", fields)

    def sign_in(self, password: str) -> requests.Response:
        """Sign in; the session keeps the cookies."""
        return self.submit(
            "hub/login", {"username": self.name, "password": password}, allow_redirects=False
        )

    @property
    def signed_in(self) -> bool:
        """Return whether the hub knows this session."""
        return (
            self.get("hub/home", allow_redirects=False).headers.get("Location", "").find("login")
            < 0
        )

    @property
    def token(self) -> str:
        """Return an API token of this person's, made once."""
        if not self._token:
            answer = self.api("POST", f"users/{quote(self.name)}/tokens", json={"note": "test"})
            self._token = str(answer.json()["token"])
        return self._token

    # -- servers, through the hub's REST API as its own pages use it ------------------------------

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask the hub's REST API with this session's cookies."""
        self.get("hub/home")
        return self.http.request(
            method,
            urljoin(self.url, f"hub/api/{path}"),
            params={"_xsrf": self.xsrf("/hub/")},
            timeout=120,
            **options,
        )

    def server_path(self, server: str = "") -> str:
        """Return the path of a server below the base URL."""
        return f"user/{quote(self.name)}/" + (f"{quote(server)}/" if server else "")

    def start(self, server: str = "", **options: Any) -> requests.Response:
        """Ask for a server to be started."""
        where = f"servers/{server}" if server else "server"
        return self.api("POST", f"users/{quote(self.name)}/{where}", json=options or None)

    def stop(self, server: str = "") -> requests.Response:
        """Ask for a server to be stopped."""
        where = f"servers/{server}" if server else "server"
        return self.api("DELETE", f"users/{quote(self.name)}/{where}")

    def model(self, server: str = "") -> dict[str, Any] | None:
        """Return what the hub says of a server; None when it says nothing."""
        servers = self.api("GET", f"users/{quote(self.name)}").json().get("servers") or {}
        found: dict[str, Any] | None = servers.get(server)
        return found

    def ready(self, server: str = "") -> bool:
        """Return whether the hub calls a server ready."""
        model = self.model(server)
        return bool(model and model["ready"])

    def run(self, server: str = "", **options: Any) -> None:
        """Start a server and wait until it is ready."""
        answer = self.start(server, **options)
        assert answer.status_code in (201, 202), answer.text
        eventually(lambda: self.ready(server), 120, f"{self.name}'s server is ready")

    def halt(self, server: str = "") -> None:
        """Stop a server and wait until it is gone."""
        assert self.stop(server).status_code in (202, 204)
        eventually(
            lambda: (
                (self.model(server) or {"stopped": True}).get("stopped", True)
                or self.model(server) is None
            ),
            60,
            f"{self.name}'s server has stopped",
        )

    def lab(self, path: str, server: str = "", **options: Any) -> requests.Response:
        """Open a page of this person's own lab."""
        return self.get(self.server_path(server) + path, **options)

    def write(self, path: str, text: str, server: str = "") -> None:
        """Write a file in the lab through its contents API."""
        self.lab("lab", server)
        answer = self.http.put(
            urljoin(self.url, f"{self.server_path(server)}api/contents/{path}"),
            json={"type": "file", "format": "text", "content": text},
            headers={"X-XSRFToken": self.xsrf(self.server_path(server))},
            timeout=60,
        )
        assert answer.status_code in (200, 201), answer.text

    def read(self, path: str, server: str = "") -> str:
        """Return a file of the lab."""
        self.lab("lab", server)
        answer = self.lab(f"api/contents/{path}?type=file&format=text", server)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["content"])


def eventually(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)
