"""A real hub process with this room's sign-in, and browsers that use it."""

from __future__ import annotations

import html
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from labyard.auth import bootstrap
from labyard.auth.accounts import Accounts
from labyard.core.paths import Paths
from labyard.core.store import Store, prepare
from tests.tools.places import free_ports

HERE = Path(__file__).parent
PASSWORD = "a long enough secret"
# Imports as `labyard hub` does, in half the time.
_HUB = (
    "from labyard.core import lazy_iri; lazy_iri.install(); from jupyterhub.app import main; main()"
)


class Browser(requests.Session):
    """Keeps cookies and sends each form with the XSRF token of the page it is on."""

    def __init__(self, root: str, address: str = "203.0.113.1") -> None:
        super().__init__()
        self.root = root
        self.headers["X-Forwarded-For"] = address
        self.headers["Sec-Fetch-Mode"] = "navigate"

    def open(self, path: str, **options: Any) -> requests.Response:
        options.setdefault("allow_redirects", False)
        return self.get(self.root + path, **options)

    def submit(self, path: str, *, page: str = "", **fields: str) -> requests.Response:
        token = re.search(r'name="_xsrf" value="([^"]+)"', self.open(page or path).text)
        form = {"_xsrf": html.unescape(token[1]) if token else "", **fields}
        return self.post(self.root + path, data=form, allow_redirects=False)

    def sign_in(self, name: str, password: str = PASSWORD, query: str = "") -> requests.Response:
        return self.submit("login" + query, username=name, password=password)

    def sign_up(self, name: str, password: str = PASSWORD) -> requests.Response:
        return self.submit("signup", username=name, password=password, confirm=password)

    @property
    def signed_in(self) -> bool:
        return self.open("home").status_code == 200


@dataclass
class Hub:
    """One installation's hub."""

    data: Path
    database: str
    base_url: str = "/"
    options: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    ways: dict[str, dict[str, Any]] = field(default_factory=dict)
    ldap: dict[str, Any] = field(default_factory=dict)
    password: bool = True
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    ports: list[int] = field(default_factory=lambda: free_ports(2))
    process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}{self.base_url}hub/"

    @property
    def paths(self) -> Paths:
        return Paths(self.data)

    @property
    def log(self) -> str:
        return (self.data / "hub.log").read_text()

    def accounts(self) -> Accounts:
        return Accounts(Store(self.database))

    def start(self) -> None:
        self.paths.make()
        (self.data / "homes").mkdir(exist_ok=True)
        prepare(self.database)
        told = self.data / "told.json"
        told.write_text(
            json.dumps(
                {
                    "data": str(self.data),
                    "database": self.database,
                    "base_url": self.base_url,
                    "ports": self.ports,
                    "token": self.token,
                    "python": sys.executable,
                    "options": self.options,
                    "ways": self.ways,
                    "ldap": self.ldap,
                    "password": self.password,
                }
            )
        )
        with (self.data / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _HUB, "-f", str(HERE / "hub_config.py")],
                cwd=self.data,
                env={**os.environ, **self.environment, "HUB_TEST": str(told)},
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _wait(self) -> None:
        assert self.process is not None
        for _ in range(600):
            assert self.process.poll() is None, self.log
            try:
                if requests.get(self.root + "health", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise AssertionError("the hub never answered\n" + self.log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def browser(self, address: str = "203.0.113.1") -> Browser:
        return Browser(self.root, address)

    def api(
        self, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> requests.Response:
        return requests.request(
            method,
            self.root + "api/" + path,
            json=body,
            headers={"Authorization": f"token {token or self.token}"},
            timeout=30,
        )

    def bootstrap(self) -> Browser:
        """Come in as the first administrator."""
        secret = bootstrap.ensure(self.paths, self.accounts(), "admin")
        browser = self.browser("198.51.100.1")
        answer = browser.submit(
            "bootstrap", username="admin", secret=secret or "", password=PASSWORD, confirm=PASSWORD
        )
        assert answer.status_code == 303, answer.text
        return browser

    def person(self, name: str) -> Browser:
        """Let somebody ask for an account, be approved and sign in."""
        browser = self.browser()
        assert browser.sign_up(name).status_code == 200
        answer = self.api("POST", f"labyard/accounts/{name}/approve")
        assert answer.status_code == 200, answer.text
        assert browser.sign_in(name).status_code == 302
        return browser


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.1)


def start_lab(hub: Hub, name: str) -> str:
    """Start a lab; return the token it holds."""
    assert hub.api("POST", f"users/{name}/server").status_code in {201, 202}
    eventually(lambda: lab(hub, name).get("ready") is True, 60)
    return (hub.data / f"lab-token-{name}").read_text()


def lab(hub: Hub, name: str) -> dict[str, Any]:
    return (hub.api("GET", f"users/{name}").json().get("servers") or {}).get("", {})


@pytest.fixture(scope="session")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Hub]]:
    """Make hubs; they end with the session."""
    made: list[Hub] = []

    def make(
        database: str = "",
        base_url: str = "/",
        environment: dict[str, str] | None = None,
        **options: Any,
    ) -> Hub:
        data = tmp_path_factory.mktemp("hub")
        url = database or f"sqlite:///{data}/labyard.sqlite"
        hub = Hub(data, url, base_url, options, environment or {})
        made.append(hub)
        hub.start()
        return hub

    yield make
    for hub in made:
        hub.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, hubs: Callable[..., Hub]) -> Iterator[Hub]:
    """A hub with an administrator named ``admin``, and wide limits, on each kind of database."""
    url = request.getfixturevalue("postgres")() if request.param == "postgresql" else ""
    made = hubs(url, per_address=10_000, per_name=10_000)
    made.bootstrap()
    yield made
    made.stop()  # before its database goes


@pytest.fixture(scope="module")
def admin(hub: Hub) -> Browser:
    browser = hub.browser("198.51.100.1")
    assert browser.sign_in("admin").status_code == 302
    return browser


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/labyard.sqlite"
    return str(request.getfixturevalue("postgres")())
