"""What a lab uses, seen moving on the home page by whoever looks at it, and by nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import docker
import pytest
from docker.models.containers import Container
from playwright.sync_api import Page, Route, expect

from labyard.core.names import Names
from tests.browser.conftest import Seat
from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard

BURN = ["sh", "-c", "echo $$ > /tmp/burner; exec python3 -c 'while 1: pass'"]
# On a machine that does other things as well, all labs together may get no more than one busy program.
BUSY = re.compile(r"^(0\.[1-9]\d|[12]\.\d) ")
IDLE = re.compile(r"^0\.0\d ")


@pytest.fixture(scope="module")
def runner(yard: Yard) -> Iterator[Person]:
    """Somebody whose lab runs for all of these tests."""
    person = yard.member("figures")
    person.run()
    yield person
    person.halt()


@pytest.fixture
def lab(yard: Yard, runner: Person, engine_client: docker.DockerClient) -> Container:
    return engine_client.containers.get(Names(yard.installation).lab(runner.name))


@pytest.fixture
def page(runner: Person, accounts: set[str], seat: Callable[..., Seat]) -> Page:
    """The home page without its polling, so that only the stream can change a figure."""
    accounts.add(runner.name)
    page = seat(runner.name).page
    page.route("**/services/labyard/", unless_polled)
    return page


def unless_polled(route: Route) -> None:
    if "hx-request" in route.request.headers:
        route.abort()
    else:
        route.continue_()


@pytest.mark.timeout(300)
def test_a_figure_moves_when_the_lab_gets_busy_and_back(page: Page, lab: Container) -> None:
    cpu = page.locator(".ly-meter", has_text="CPU").locator(".val")
    expect(cpu).to_have_text(IDLE, timeout=60_000)
    lab.exec_run(BURN, detach=True)
    try:
        expect(cpu).to_have_text(BUSY, timeout=30_000)
        expect(page.locator(".ly-age")).to_have_text("now")
    finally:
        lab.exec_run(["sh", "-c", "kill -9 $(cat /tmp/burner)"])
    expect(cpu).to_have_text(IDLE, timeout=30_000)


def test_nothing_is_asked_while_nobody_looks(page: Page) -> None:
    with page.expect_response("**/services/labyard/figures?*"):
        page.reload()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    turn(page, hidden=True)
    page.wait_for_timeout(5_000)
    assert asked == []
    with page.expect_request("**/services/labyard/figures?*"):
        turn(page, hidden=False)
    expect(page.locator(".ly-age")).to_have_text("now", timeout=30_000)


def turn(page: Page, *, hidden: bool) -> None:
    """Have the page believe that its tab was put away, or taken out again."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def test_a_figure_that_is_not_replaced_says_how_old_it_is(page: Page) -> None:
    age = page.locator(".ly-age")
    expect(age).to_have_text("now", timeout=30_000)
    page.route("**/services/labyard/figures?*", lambda route: route.abort())
    page.reload()
    expect(age).to_have_text(re.compile(r"\d+ s ago"), timeout=30_000)
    page.unroute("**/services/labyard/figures?*")
    expect(age).to_have_text("now", timeout=60_000)


def test_figures_are_told_to_their_owner_alone(yard: Yard, runner: Person) -> None:
    stranger = yard.person("stranger")
    answer = stranger.get("services/labyard/figures")
    assert (answer.status_code, answer.text) == (401, "")
    other = yard.member("onlooker")
    other.sign_in(PASSWORD)
    other.get("services/labyard/")
    with other.get("services/labyard/figures", stream=True) as told:
        assert told.headers["Content-Type"].startswith("text/event-stream")
        assert "Memory" not in next(told.iter_content(4096)).decode()
    runner.get("services/labyard/")
    with runner.get("services/labyard/figures", stream=True) as told:
        assert "Memory" in next(told.iter_content(65536)).decode()


def test_a_person_may_open_only_so_many_streams(runner: Person) -> None:
    runner.get("services/labyard/")
    streams = [runner.get("services/labyard/figures", stream=True) for _ in range(9)]
    assert [stream.status_code for stream in streams].count(409) >= 1
    for stream in streams:
        stream.close()
    again = lambda: runner.get("services/labyard/figures", stream=True).status_code == 200  # noqa: E731
    eventually(again, 30, "those that were closed count no more")
