"""Where the hub answers when labs have host names of their own."""

import pytest
from tornado.testing import AsyncHTTPTestCase
from tornado.web import RequestHandler

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
        app = BoundedApplication([(r".*", Page)])
        app.max_body, app.ending = 2**20, True
        return app

    def test_whoever_comes_is_told_to_come_again(self) -> None:
        for path in ("/hub/home", "/hub/api/users/a", "/hub/spawn-pending/a"):
            answer = self.fetch(path)
            assert (answer.code, answer.headers["Refresh"]) == (503, "3")


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
