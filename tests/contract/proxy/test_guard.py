"""What HAProxy guards, and configurable-http-proxy does not (docs/explanation/front.md says so)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from .conftest import MAX_BODY, Edge, until

LAB = {"user": "a", "server_name": ""}

FORGED = {
    "Forwarded": "for=6.6.6.6",
    "X-Forwarded-For": "6.6.6.6",
    "X_Forwarded_For": "6.6.6.6",
    "x-forwarded-proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-User": "admin",
    "X-Forwarded-Email": "admin@x",
    "X-Forwarded-Groups": "admins",
    "X-Real-IP": "6.6.6.6",
    "X-Scheme": "https",
    "Remote-User": "admin",
    "REMOTE_USER": "admin",
    "X-Remote-User": "admin",
    "X_Remote_User": "admin",
    "X-Remote_User": "admin",
    "Cn": "admin",
    "CN_": "admin",
    "isMemberOf": "admins",
    "X-Auth-Request-User": "admin",
}


VOUCH = "5ec2e7" * 10
# As a site has it where a proxy before the edge signs people in.
PROXIED = {"trusted": ("127.0.0.1",), "identity": ("x-sso-name", "ismemberof"), "vouch": VOUCH}
UNKNOWN = {**PROXIED, "trusted": ("10.9.9.9",)}


@pytest.fixture
async def guarded(front: Edge, backends: Any) -> Edge:
    hub, a, tool = await backends("hub"), await backends("a"), await backends("tool")
    await front.proxy.add_route("/", hub.target, {"hub": True})
    await front.proxy.add_route("/user/a/", a.target, LAB)
    await front.proxy.add_route("/services/tool/", tool.target, {"service": "tool"})
    return front


@pytest.mark.parametrize("front", [{}, UNKNOWN], indirect=True, ids=["plain", "proxied"])
@pytest.mark.parametrize("path", ["/hub/login", "/user/a/x", "/services/tool/"])
async def test_forged_headers_are_taken_off_and_true_ones_put_on(guarded, path) -> None:
    kept = {"X-Auth-Token": "mine", "X-XSRFToken": "t", "Authorization": "token x", "X-Cnx": "1"}
    _, heard = await guarded.get(path, headers={**FORGED, **kept})
    assert "6.6.6.6" not in json.dumps(heard)
    assert "admin" not in json.dumps(heard)
    headers = dict(heard["headers"])
    assert len(headers) == len(heard["headers"])
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == headers["host"] == f"127.0.0.1:{guarded.port}"
    assert {name: headers[name.lower()] for name in kept} == kept


# What no client library sends: lines as they are, and whether the request is refused for it.
SPELLED = {
    b"X-SSO-Name: admin": False,
    b"x-sso-name:admin": False,
    b"X_SSO_NAME: admin": False,
    b"X-SSO-Name_: admin": False,
    b"X.SSO.Name: admin": False,
    b"x-sso-name: nobody\r\nX-Sso-Name: admin": False,
    b"Connection: close, X-SSO-Name\r\nX-SSO-Name: admin": False,
    b"Connection: X-Forwarded-For, X-Labyard-Edge\r\nX-Labyard-Edge: admin": False,
    b"isMemberOf: admin": False,
    b"X-SSO-Name : admin": True,
    b"X-SSO\xad-Name: admin": True,
    b"X-SSO-Name\x00: admin": True,
    b"X-Other: x\r\n X-SSO-Name: admin": False,
}


def heard_by(answer: bytes) -> dict[str, Any]:
    """Return what the backend told that it heard."""
    body = answer[answer.index(b"{") : answer.rindex(b"}") + 1]
    heard: dict[str, Any] = json.loads(body)
    return heard


@pytest.mark.parametrize("front", [UNKNOWN], indirect=True)
async def test_no_way_of_writing_a_name_gets_through(guarded) -> None:
    for path in ("/hub/login", "/user/a/x", "/services/tool/"):
        for line, refused in SPELLED.items():
            answer = await guarded.raw(
                b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\nConnection: close\r\n\r\n"
                % (path.encode(), line)
            )
            assert answer.startswith(b"HTTP/1.1 400 " if refused else b"HTTP/1.1 200 "), line
            if refused:
                continue
            headers = [tuple(pair) for pair in heard_by(answer)["headers"]]
            folded = [("x-other", "x   X-SSO-Name: admin")] if b"X-Other" in line else []
            assert [pair for pair in headers if "admin" in pair[1]] == folded, line
            assert ("x-forwarded-for", "127.0.0.1") in headers, line
            assert {n for n, _ in headers} & {"connection", "x-sso-name"} == set(), line
            vouched = [value for name, value in headers if name == "x-labyard-edge"]
            assert vouched == ([VOUCH] if path == "/hub/login" else []), line


@pytest.mark.parametrize("front", [PROXIED], indirect=True)
async def test_a_trusted_proxy_says_to_the_hub_alone_who_somebody_is(guarded) -> None:
    said = {**FORGED, "X-SSO-Name": "Anna", "X_SSO_Name": "admin", "X-Labyard-Edge": "forged"}
    for path, told in (("/hub/login", True), ("/user/a/x", False), ("/services/tool/", False)):
        _, heard = await guarded.get(path, headers=said)
        headers = [tuple(pair) for pair in heard["headers"]]
        who = [pair for pair in headers if pair[1] in {"Anna", "admin", "admins", "admin@x"}]
        assert who == ([("ismemberof", "admins"), ("x-sso-name", "Anna")] if told else []), path
        vouched = [value for name, value in headers if name == "x-labyard-edge"]
        assert vouched == ([VOUCH] if told else []), path
        where = [value for name, value in headers if name == "x-forwarded-for"]
        assert where == ["6.6.6.6", "127.0.0.1"], path
        assert ("x-forwarded-proto", "https") in headers, path
        assert not {name for name, _ in headers} & {"forwarded", "x-real-ip", "x-scheme"}, path


@pytest.mark.parametrize("front", [PROXIED], indirect=True)
async def test_the_hub_is_told_also_where_an_older_version_made_its_route(guarded) -> None:
    (entry,) = [
        value for name, value in (await guarded.proxy._runtime.entries()).items() if name == "/"
    ]
    await guarded.proxy.stop()
    await guarded.proxy._runtime.set("/", entry.replace("|hub", "|own"))
    assert "x-labyard-edge" not in dict((await guarded.get("/hub/login"))[1]["headers"])
    guarded.proxy = guarded.remake()
    await guarded.proxy.start()
    assert dict((await guarded.get("/hub/login"))[1]["headers"])["x-labyard-edge"] == VOUCH
    assert (await guarded.proxy.get_all_routes())["/"]["data"] == {"hub": True}


@pytest.mark.parametrize("front", [PROXIED], indirect=True)
async def test_a_proxy_that_says_two_names_is_refused(guarded) -> None:
    two = b"X-SSO-Name: anna\r\nx-sso-name: admin\r\n"
    answer = await guarded.raw(
        b"GET /hub/login HTTP/1.1\r\nHost: x\r\n%bConnection: close\r\n\r\n" % two
    )
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_websocket_still_gets_through(guarded) -> None:
    async with guarded.browser.ws_connect(f"{guarded.url}/user/a/ws") as ws:
        await ws.send_str("x")
        assert await ws.receive_str(timeout=60) == "a:x"


@pytest.mark.parametrize("front", [{"external_url": "https://labs.example.org"}], indirect=True)
async def test_a_request_for_the_outer_name_came_by_tls(guarded) -> None:
    _, heard = await guarded.get("/x", headers={"Host": "labs.example.org"})
    assert dict(heard["headers"])["x-forwarded-proto"] == "https"
    _, heard = await guarded.get("/x", headers={"Host": "other.example.org"})
    assert dict(heard["headers"])["x-forwarded-proto"] == "http"


async def test_a_body_has_a_limit_except_for_labs(guarded) -> None:
    at_most, too_much = b"x" * MAX_BODY, b"x" * (MAX_BODY + 1)
    assert (await guarded.get("/hub/api", method="POST", data=at_most))[1]["body"] == MAX_BODY
    assert (await guarded.get("/hub/api", method="POST", data=too_much))[0] == 413
    assert (await guarded.get("/user/a/up", method="PUT", data=too_much))[1]["body"] == MAX_BODY + 1


@pytest.mark.parametrize("length", [2**31 + 1, 2**32 + 1, 2**63 - 1])
async def test_no_number_is_too_large_to_be_refused(guarded, length: int) -> None:
    head = f"POST /hub/api HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    assert (await guarded.raw(head)).startswith(b"HTTP/1.1 413 ")


async def test_a_body_of_untold_length_is_small_except_for_labs(guarded) -> None:
    async def pieces(count: int) -> Any:
        for _ in range(count):
            yield b"x" * 1000

    assert (await guarded.get("/hub/api", method="POST", data=pieces(5)))[1]["body"] == 5000
    assert (await guarded.get("/user/a/up", method="POST", data=pieces(500)))[1]["body"] == 500_000
    head = b"POST /hub/api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%b\r\n" % (9000, b"x" * 9000)
    assert (await guarded.raw(head + chunk)).startswith(b"HTTP/1.1 413 ")


async def test_a_climbing_path_is_refused(guarded) -> None:
    for path in ("/user/a/../b", "/user/a/..%2fb", "/hub/%2E%2e/x", "/user/a/..%5Cb", "/x%00"):
        head = await guarded.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 "), path
    for path in ("/user/a/..x", "/user/a/x..", "/user/a/...", "/user/a/.x", "/user/a/%252e%252e/"):
        assert await guarded.reaches(path) == "a", path


async def test_an_encoded_slash_separates_nothing(guarded) -> None:
    assert await guarded.reaches("/user%2fa/x") == "hub"
    assert await guarded.reaches("/user/a%2fx") == "hub"
    status, heard = await guarded.get("/user/a/files/x%2fy%252fz")
    assert (status, heard["name"], heard["path"]) == (200, "a", "/user/a/files/x%2fy%252fz")


async def test_a_lab_gets_its_name_in_its_own_spelling(guarded, backends) -> None:
    anna = await backends("anna")
    await guarded.proxy.add_route("/user/anna@x.org/", anna.target, {"user": "anna@x.org"})
    _, heard = await guarded.get("/user/anna%40x.org/files/100%25%20%40.txt?q=%40")
    assert heard["path"] == "/user/anna@x.org/files/100%25%20%40.txt?q=%40"
    assert heard["name"] == "anna"


async def test_a_lab_without_its_slash_is_the_hubs(guarded) -> None:
    assert await guarded.reaches("/user/a") == "hub"


async def test_a_very_long_path_still_finds_its_lab(guarded) -> None:
    assert await guarded.reaches("/user/a/" + "x" * 6000) == "a"
    assert await guarded.reaches("/user/a/" + "%C3%A9" * 1200) == "a"


async def test_health_is_the_edges_own(front, backends) -> None:
    hub = await backends("hub")
    assert (await front.get("/healthz"))[0] == 503
    await front.proxy.add_route("/", hub.target, {"hub": True})
    assert await front.get("/healthz") == (200, {"status": "ok"})


async def test_without_a_route_a_page_asks_for_patience(front) -> None:
    status, page = await front.get("/hub/home")
    assert status == 503
    assert "prefers-color-scheme: dark" in page
    assert "comes back by itself" in page


@pytest.mark.parametrize("front", [{"base_url": "/jupyterhub/"}], indirect=True)
async def test_under_a_base_path(front, backends) -> None:
    hub, a = await backends("hub"), await backends("a")
    await front.proxy.add_route("/jupyterhub/", hub.target, {"hub": True})
    await front.proxy.add_route("/jupyterhub/user/a@b/", a.target, LAB)
    assert await front.reaches("/jupyterhub/hub/login") == "hub"
    _, heard = await front.get("/jupyterhub/user/a%40b/lab")
    assert (heard["name"], heard["path"]) == ("a", "/jupyterhub/user/a@b/lab")
    for path in ("/", "/jupyterhub"):
        async with front.browser.get(front.url + path, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, "/jupyterhub/")
    assert (await front.get("/user/a@b/lab"))[0] == 404
    assert (await front.get("/healthz"))[0] == (await front.get("/jupyterhub/healthz"))[0] == 200


async def test_answers_carry_headers_that_do_no_harm(front, backends) -> None:
    said = {"Service-Worker-Allowed": "/", "Referrer-Policy": "no-referrer"}
    a = await backends("a", response_headers=said)
    await front.proxy.add_route("/user/a/", a.target, LAB)
    async with front.browser.get(f"{front.url}/user/a/") as response:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Service-Worker-Allowed" not in response.headers
        assert "Server" not in response.headers


@pytest.mark.parametrize("front", [{"patience": 1}], indirect=True)
async def test_slow_headers_do_not_hold_a_connection(front) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    writer.write(b"GET / HTTP/1.1\r\n")
    head = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    assert head.startswith(b"HTTP/1.1 408 ")


async def test_what_is_no_request_is_refused(guarded) -> None:
    assert b" 405 " in await guarded.raw(
        b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nConnection: close\r\n\r\n"
    )
    assert b" 405 " in await guarded.raw(
        b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert b" 400 " in await guarded.raw(b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n")
    two = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
    assert b" 400 " in await guarded.raw(two)


async def test_the_log_keeps_no_query(guarded) -> None:
    await guarded.proxy.add_route("/user/dead/", "http://127.0.0.1:1", LAB)
    await guarded.get("/user/dead/x?token=very-secret", headers={"Authorization": "very-secret"})

    async def logged() -> bool:
        return "/user/dead/x" in guarded.process.log.read_text()

    await until(logged)
    assert "very-secret" not in guarded.process.log.read_text()
