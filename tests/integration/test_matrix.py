"""What a page elsewhere can send, to every route that changes something: all of it is refused.

The routes are read off the applications, so a new one is held to this without a line here. Each is asked
as the administrator, whose rights allow everything: what refuses is the check of where it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.tools.person import Person
from tests.tools.routes import SERVICE, Route, hub_routes, service_routes
from tests.tools.yard import Yard

HUB, OURS = hub_routes(), service_routes()
# Who sent no right token is told so, or counts as nobody: never that the rights are missing.
SAID = re.compile(
    r"xsrf|another site|lab's page|Missing or invalid credentials|Nobody is signed in"
    r"|The page was open for too long",
    re.IGNORECASE,
)

FORM = "application/x-www-form-urlencoded"

# What takes no token of a page, and why that is right.
WITHOUT_PAGE = {
    "POST /hub/security/csp-report": "browsers send it by themselves; it is logged",
    "POST /hub/api/authorizations/token": "gone: tells so",
    "POST /hub/api/authorizations/token/x": "gone: tells so",
    "POST /hub/api/oauth2/token": "a client's secret and a code, no cookie",
}
# Its token comes in the form, before the files.
FILES = f"POST {SERVICE}volumes/upload"
GUARDED = [route for route in HUB if str(route) not in WITHOUT_PAGE]


@pytest.fixture(scope="module")
def tokens(admin: Person) -> dict[str, str]:
    """The administrator's own XSRF tokens, which no other page can know, by where they hold."""
    admin.get("hub/home")
    admin.get("services/labyard/")
    return {"hub": admin.xsrf("/hub/"), "service": admin.xsrf(SERVICE)}


def send(person: Person, route: Route, method: str = "", **options: Any) -> requests.Response:
    url = urljoin(person.url, route.path.lstrip("/"))
    if str(route) == FILES:
        sent = options.pop("headers", {})
        token = sent.get("X-XSRFToken") or options.pop("params", {}).get("_xsrf", "")
        headers = {key: value for key, value in sent.items() if key != "Content-Type"}
        fields = {"_xsrf": token, "volume": "cache"}
        options = {"headers": headers, "data": fields, "files": {"files": ("x", b"x")}}
    return person.http.request(
        method or route.method, url, timeout=30, allow_redirects=False, **options
    )


def refused(answer: requests.Response) -> bool:
    nobody = '"message": null' in answer.text  # what the hub's list of tokens says to nobody
    return answer.status_code in (401, 403) and bool(SAID.search(answer.text) or nobody)


def variants(own: str, other: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is wrong with a request, and the request. ``own`` is the right token."""
    yield "no token", {}
    yield "no token, plain text", {"data": "{}", "headers": {"Content-Type": "text/plain"}}
    yield "no token, a form", {"data": '{"x": "="}', "headers": {"Content-Type": FORM}}
    yield "wrong token", {"params": {"_xsrf": "2|x|y|1"}}
    yield "wrong token in the header", {"headers": {"X-XSRFToken": own[:-4] + "AAAA"}}
    yield "the other pages' token", {"params": {"_xsrf": other}}
    foreign = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Origin": "http://evil.example.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Referer": "http://127.0.0.1/user/x/proxy/8000/"},
    ]
    for headers in foreign:
        yield f"right token, but {headers}", {"headers": {"X-XSRFToken": own, **headers}}


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_the_hub_is_moved_by_its_own_pages_only(
    admin: Person, tokens: dict[str, str], route: Route
) -> None:
    for what, request in variants(tokens["hub"], tokens["service"]):
        answer = send(admin, route, **request)
        assert refused(answer), f"{what}: {answer.status_code} {answer.text[:300]}"


@pytest.mark.parametrize("route", OURS, ids=str)
def test_our_service_is_moved_by_its_own_pages_only(
    admin: Person, tokens: dict[str, str], route: Route
) -> None:
    for what, request in variants(tokens["service"], tokens["hub"]):
        answer = send(admin, route, **request)
        assert refused(answer), f"{what}: {answer.status_code} {answer.text[:300]}"


@pytest.mark.parametrize("route", [*GUARDED, *OURS], ids=str)
def test_nothing_is_changed_by_get(admin: Person, route: Route) -> None:
    if not route.readable:
        assert 400 <= send(admin, route, "GET").status_code < 500


@pytest.mark.parametrize("route", [*GUARDED, *OURS], ids=str)
def test_a_name_that_was_bent_to_this_host_carries_nobodys_rights(yard: Yard, route: Route) -> None:
    # A browser that was made to believe that evil.example.org is here sends that page's cookies: none.
    stranger = yard.person("nobody")
    host = {"Host": f"evil.example.org:{urlsplit(yard.url).port}", "Sec-Fetch-Site": "same-origin"}
    assert send(stranger, route, headers=host).status_code in (401, 403)


def test_the_same_requests_pass_with_the_pages_token(admin: Person, tokens: dict[str, str]) -> None:
    """The controls: it is the token that makes the difference."""
    groups = next(route for route in HUB if str(route) == "POST /hub/api/groups/x")
    headers = {"X-XSRFToken": tokens["hub"], "Sec-Fetch-Site": "same-origin"}
    assert send(admin, groups, headers=headers).status_code == 201
    assert send(admin, groups, "DELETE", headers=headers).status_code == 204
    stop = next(route for route in OURS if route.path.endswith("/server/stop"))
    headers = {"X-XSRFToken": tokens["service"], "Sec-Fetch-Site": "same-origin"}
    assert send(admin, stop, headers=headers).status_code == 303


def test_every_exception_is_still_one() -> None:
    assert set(WITHOUT_PAGE) <= {str(route) for route in HUB}
    assert FILES in {str(route) for route in OURS}
