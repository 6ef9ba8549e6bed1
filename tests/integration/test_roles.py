"""Who may do what: every role at every address of ours, as ``tests/tools/roles.py`` says.

Each request is harmless where it is let through: what it sends chooses nothing that there is.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from tests.tools import roles
from tests.tools.person import Person
from tests.tools.routes import Route, our_routes
from tests.tools.yard import PASSWORD, Yard

# What no form makes anything of, and no REST.
FORM = {"server": "../x", "volume": "../x", "confirm": "no", "memory": "nonsense", "key": "none"}
JSON, START = ["nothing"], {"image": "nowhere.example/none"}
SITE = """
c.JupyterHub.load_groups = {{"x": {{"users": []}}, "x-managers": {{"users": []}}}}
c.JupyterHub.load_roles.append(
    {{"name": "x-managers", "groups": ["x-managers"], "scopes": {manager}}}
)
for scope, token in {tokens}.items():
    name = "x-" + scope.replace(":", "-")
    c.JupyterHub.services.append({{"name": name, "api_token": token}})
    scopes = [scope, "access:services!service=labyard"]
    c.JupyterHub.load_roles.append({{"name": name, "services": [name], "scopes": scopes}})
"""


@dataclass
class Caller:
    """Somebody who asks: a browser, or a program with a token."""

    http: requests.Session
    url: str
    person: Person | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, route: Route) -> int:
        """Return what a route answers."""
        headers = {"Sec-Fetch-Site": "same-origin", **self.headers}
        if self.person is not None:
            below = "/hub/" if route.path.startswith("/hub/") else "/services/labyard/"
            paths = {cookie.path for cookie in self.http.cookies if cookie.name == "_xsrf"}
            if below in paths:
                headers["X-XSRFToken"] = self.person.xsrf(below)
        answer = self.http.request(
            route.method,
            urljoin(self.url, roles.spelled(route)),
            headers=headers,
            **_sent(route),
            allow_redirects=False,
            stream=True,  # some answers have no end
            timeout=60,
        )
        answer.close()
        return answer.status_code


def _sent(route: Route) -> dict[str, Any]:
    if route.method not in {"POST", "PUT"}:
        return {}
    if "/api/" not in route.path:
        return {"data": FORM}
    return {"json": START if route.path.startswith("/hub/api/users/") else JSON}


@pytest.fixture(scope="module")
def callers(make_yard: Callable[..., Yard]) -> dict[str, Caller]:
    """Everybody in the table: people signed in, and services by their one scope."""
    yard = make_yard()
    tokens = {scope: secrets.token_hex(16) for scope in roles.SCOPES}
    (yard.directory / "jupyterhub_config.d").mkdir()
    site = SITE.format(manager=list(roles.MANAGER), tokens=tokens)
    (yard.directory / "jupyterhub_config.d" / "roles.py").write_text(site)
    yard.up()
    admin = yard.bootstrap()
    pending = yard.person("x-pending")
    pending.sign_up(PASSWORD)
    assert pending.sign_in(PASSWORD).status_code == 403
    people = {
        "anonymous": yard.person("x-nobody"),
        "pending": pending,
        "other": yard.member("x-other"),
        "owner": yard.member("x"),
        "manager": yard.member("x-manager"),
        "admin": admin,
    }
    for group, name in (("x", "x"), ("x-managers", "x-manager")):
        joined = admin.api("POST", f"groups/{group}/users", json={"users": [name]})
        assert joined.status_code == 200, joined.text
    for person in people.values():
        person.get("hub/login")
        person.get("services/labyard/")
    made = {role: Caller(person.http, yard.url, person) for role, person in people.items()}
    for scope, token in tokens.items():
        bearer = {"Authorization": f"token {token}"}
        made[scope] = Caller(requests.Session(), yard.url, headers=bearer)
    return made


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert {str(route) for route in our_routes()} == roles.TABLE.keys()


def test_each_role_is_answered_as_the_table_says(callers: dict[str, Caller]) -> None:
    looks = [route for route in our_routes() if route.method == "GET"]
    changes = [route for route in our_routes() if route.method != "GET"]
    last = next(route for route in looks if route.path.endswith("/logout"))
    looks.remove(last)
    found: dict[str, dict[str, int]] = {str(route): {} for route in our_routes()}

    def ask(role: str, routes: Iterable[Route]) -> None:
        for route in roles.concerning(role, routes):
            found[str(route)][role] = callers[role].ask(route)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda role: ask(role, looks), callers))
    for role in callers:  # one after another, or one is told that another is under way
        ask(role, [*changes, last])
    wrong = {name: row for name, row in found.items() if roles.TABLE.get(name) != row}
    assert not wrong, "answered:\n" + "\n".join(roles.line(n, r) for n, r in wrong.items())
