"""Where the hub answers when labs have host names of their own."""

import asyncio
from unittest import mock

import pytest
from tornado.testing import AsyncHTTPTestCase
from tornado.web import RequestHandler

from labyard.edge.vouching import Vouching
from labyard.hub import BoundedApplication, is_below, subdomain

HUB = "https://hub.example.org:8443"


@pytest.mark.parametrize(
    "host",
    ["a.hub.example.org", "A.Hub.example.org:8443", "a.hub.example.org.", "x.a.hub.example.org"],
)
def test_a_name_below_the_hubs_is_a_labs(host: str) -> None:
    assert is_below(host, HUB)


@pytest.mark.parametrize(
    "host", ["hub.example.org", "hub.example.org:8443", "ahub.example.org", "10.0.0.1", "", "org"]
)
def test_other_names_are_not(host: str) -> None:
    assert not is_below(host, HUB)


def test_our_pages_are_of_the_hubs_own_origin_and_labs_and_other_services_are_not() -> None:
    assert subdomain("labyard", "hub.org", "service") == "hub.org"
    others = [("labyard", "user"), ("labyard--service", "user"), ("grafana", "service")]
    named = [subdomain(name, "hub.org", kind) for name, kind in others]
    assert all(is_below(host, "https://hub.org") for host in named)
    assert len(set(named)) == len(others)


def test_every_name_has_one_label_of_its_own() -> None:
    names = ["a.b", "a-b", "a_b", "ab", "a@b.org", "a+b", "services", "xn--ab", "a" * 64]
    labels = [subdomain(name, "hub.org", "user").removesuffix(".hub.org") for name in names]
    assert len(set(labels)) == len(names)
    assert not [label for label in labels if "." in label or len(label) > 63]


class Page(RequestHandler):
    def get(self) -> None:
        self.write("the hub's page")

    post = get


class TestAHubThatEnds(AsyncHTTPTestCase):
    """It answers nobody new: of a start that its end cuts short it would say that it is ready."""

    def get_app(self) -> BoundedApplication:
        app = BoundedApplication([(r".*", Page)], xsrf_cookies=True, cookie_secret="x")
        app.max_body, app.ending = 2**20, True
        return app

    def test_whoever_comes_is_told_to_come_again(self) -> None:
        for path in ("/hub/home", "/hub/api/users/a", "/hub/spawn-pending/a"):
            answer = self.fetch(path)
            assert (answer.code, answer.headers["Refresh"]) == (503, "3")
        assert self.fetch("/hub/api/users/a/server", method="POST", body="").code == 503


class TestALabsHost(AsyncHTTPTestCase):
    """A page of the hub is never of a lab's origin."""

    def get_app(self) -> BoundedApplication:
        app = BoundedApplication([(r".*", Page)])
        app.max_body, app.labs_below = 2**20, HUB
        return app

    def ask(self, host: str, path: str, **options: object):
        return self.fetch(path, headers={"Host": host}, follow_redirects=False, **options)

    def test_the_hub_answers_at_its_own_name(self) -> None:
        for host in ("hub.example.org:8443", "127.0.0.1", "10.177.255.254:8081"):
            assert self.ask(host, "/hub/home").body == b"the hub's page"

    def test_a_lab_that_does_not_run_is_looked_for_at_the_hub(self) -> None:
        for path, led in {
            "/user/a/lab?x={0}&y=%7B": f"{HUB}/user/a/lab?x={{0}}&y=%7B",
            "//evil.org/x": f"{HUB}/evil.org/x",
            "/": f"{HUB}/",
        }.items():
            answer = self.ask("a.hub.example.org:8443", path)
            assert (answer.code, answer.headers["Location"]) == (302, led)

    def test_nothing_is_done_there(self) -> None:
        assert self.ask("a.hub.example.org", "/hub/api", method="POST", body="").code == 403


class Asking(RequestHandler):
    """Tells what it was sent to say who asks."""

    def post(self) -> None:
        self.write(self.request.headers.get("Cookie", "nothing"))


class TestTokensAndCookies(AsyncHTTPTestCase):
    """A worthless token beside a cookie does not make a misled browser pass for a program."""

    def get_app(self) -> BoundedApplication:
        app = BoundedApplication([(r".*", Asking)])
        app.max_body = 2**20
        return app

    def ask(self, **headers: str):
        headers = {"Cookie": "who=anna", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.fetch("/hub/api/users/anna/tokens", method="POST", body="", headers=headers)

    def test_beside_a_token_no_cookie_counts(self) -> None:
        for token in ("token nonsense", "Bearer nonsense"):
            answer = self.ask(Authorization=token, Sec_Fetch_Site="cross-site")
            assert (answer.code, answer.body) == (200, b"nothing")

    def test_what_is_no_token_changes_nothing(self) -> None:
        for other in ("Basic YTpi", "token", "token a b", ""):
            assert self.ask(Authorization=other).body == b"who=anna"
            assert self.ask(Authorization=other, Sec_Fetch_Site="cross-site").code == 403
            lab = self.ask(Authorization=other, Referer=f"{self.get_url('/user/anna/lab')}")
            assert lab.code == 403


class Addressed(RequestHandler):
    """Tells where a request came from, and whether by TLS."""

    def get(self) -> None:
        self.write(f"{self.request.protocol} {self.request.remote_ip}")


class TestWhereARequestComesFrom(AsyncHTTPTestCase):
    """Tornado believes whoever says it; the hub believes whom its edge vouches for."""

    def get_app(self) -> BoundedApplication:
        app = BoundedApplication([(r".*", Addressed)])
        app.max_body, app.vouching = 2**20, Vouching(secret="5ec2e7")
        return app

    def get_httpserver_options(self) -> dict[str, object]:
        return {"xheaders": True}  # as JupyterHub has it

    def test_the_edge_says_it_and_nobody_else(self) -> None:
        forged = {"X-Real-Ip": "6.6.6.6", "X-Scheme": "https"}
        headers = {**forged, "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        assert self.fetch("/", headers=headers).body == b"http 127.0.0.1"
        headers["X-Labyard-Edge"] = "5ec2e7"
        assert self.fetch("/", headers=headers).body == b"https 203.0.113.9"
        assert self.fetch("/", headers={**headers, "X-Forwarded-Proto": "http"}).body == (
            b"http 203.0.113.9"
        )


class TestWhatCannotBeRead(AsyncHTTPTestCase):
    """JupyterHub answers these with a bug's page."""

    def get_app(self) -> BoundedApplication:
        app = BoundedApplication([(r".*", Page)])
        app.max_body = 2**20
        return app

    def test_it_is_refused(self) -> None:
        for query in ("a=%ff", "next=/hub/%0d%0aX-Y:z", "next=%0a"):
            assert self.fetch(f"/hub/login?{query}").code == 400

    def test_what_can_be_is_not(self) -> None:
        for query in ("a=%0a", "next=/hub/home", "next=/user/%C3%A4"):
            assert self.fetch(f"/hub/login?{query}").code == 200


class TestSlowBodies(AsyncHTTPTestCase):
    """Nobody holds a connection of the hub's for as long as they like."""

    def get_app(self) -> BoundedApplication:
        app = BoundedApplication([(r".*", Page)])
        app.max_body = 2**20
        return app

    def test_a_body_that_does_not_come_is_waited_for_no_longer(self) -> None:
        async def ask() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.get_http_port())
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1")
            async with asyncio.timeout(5):
                return await reader.read()

        with mock.patch("labyard.hub.BODY_TIME", 0.2):
            assert self.io_loop.run_sync(ask) == b""
