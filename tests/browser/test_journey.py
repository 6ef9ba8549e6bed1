"""The whole journey by keyboard alone: from asking for an account to a failed start tried again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import docker
import pytest
from playwright.sync_api import Browser, Page, expect

from labyard.core.names import Names
from labyard.settings.schema import Settings
from tests.tools.dates import Dates
from tests.tools.hands import Hands
from tests.tools.yard import PASSWORD, Yard

IMAGE = os.environ.get("LABYARD_LABS__IMAGE", Settings().labs.image)
LATE = f"labyard/lab:late-{os.getpid()}"
SLOW = 90_000.0  # milliseconds

# Notes what the starting page tells: the bar, and the seconds, for a quick start passes in one value of it.
WATCH_THE_BAR = """
new MutationObserver(() => {
  const bar = document.querySelector("[role=progressbar]");
  if (!bar) return;
  const seen = JSON.parse(sessionStorage.getItem("bar") || "[]");
  const elapsed = parseInt(document.getElementById("elapsed")?.textContent ?? "0");
  const now = [Number(bar.getAttribute("aria-valuenow")), elapsed];
  if (String(seen.at(-1)) === String(now)) return;
  sessionStorage.setItem("bar", JSON.stringify([...seen, now]));
}).observe(document, {subtree: true, childList: true, attributes: true});
"""


# A second start is ready before anybody has looked; this one is to be seen moving.
UNHURRIED = """
import asyncio

async def prepare(spawner):
    await asyncio.sleep(2)

c.Spawner.pre_spawn_hook = prepare
"""


@pytest.fixture(scope="module")
def fresh(make_yard: Callable[..., Yard], engine_client: docker.DockerClient) -> Iterator[Yard]:
    """A place nobody was at yet. One of its images is not there: nobody can fetch it."""
    place = make_yard(labs={"images": [LATE], "max_days": 30})
    (place.directory / "jupyterhub_config.d").mkdir()
    (place.directory / "jupyterhub_config.d" / "unhurried.py").write_text(UNHURRIED)
    place.up()
    yield place
    if engine_client.images.list(LATE):
        engine_client.images.remove(LATE)


@pytest.fixture
def window(fresh: Yard, browser: Browser) -> Iterator[Callable[[], Hands]]:
    """Open a private window: nobody is signed in."""
    contexts = []

    def open_one() -> Hands:
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        context.add_init_script(WATCH_THE_BAR)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(fresh.url)
        return Hands(page)

    yield open_one
    for context in contexts:
        context.close()


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def choose_password(hands: Hands) -> None:
    hands.fill(hands.page.get_by_label("Password", exact=True), PASSWORD)
    hands.fill(hands.page.get_by_label("The same again"), PASSWORD)


def sign_in(hands: Hands, name: str) -> None:
    hands.fill(hands.page.get_by_label("Username"), name)
    hands.fill(hands.page.get_by_label("Password", exact=True), PASSWORD)
    hands.press(button(hands.page, "Sign in"))


def ask_and_be_approved(fresh: Yard, user: Hands, admin: Hands) -> None:
    hands, page = user, user.page
    hands.press(page.get_by_role("link", name="Ask for an account"))
    hands.fill(page.get_by_label("Username"), "user1")
    choose_password(hands)
    hands.press(button(page, "Ask for an account"))
    expect(page.locator("main")).to_contain_text("user1")

    page = admin.page
    admin.press(page.get_by_role("link", name="Begin here"))
    secret = (fresh.data / "secrets" / "bootstrap").read_text().strip()
    admin.fill(page.get_by_label("Bootstrap secret"), secret)
    choose_password(admin)
    admin.press(button(page, "Begin"))
    admin.press(page.get_by_role("link", name="Administration"))
    admin.press(button(page, "Approve user1"))
    expect(page.get_by_text("user1 was approved.")).to_be_visible()

    user.page.goto(fresh.url)
    sign_in(user, "user1")
    user.page.wait_for_url("**/services/labyard/")


def start_with_two_options(user: Hands, lab: Callable[[str], dict]) -> None:
    page = user.page
    user.press(page.locator("#options"))
    user.fill(page.locator("#memory"), "640M")
    user.fill(page.locator("#days"), "7")
    user.press(page.locator("#begin"))
    page.wait_for_url("**/user/user1/lab**", timeout=SLOW)
    told = page.evaluate("JSON.parse(sessionStorage.getItem('bar') || '[]')")
    assert len(told) >= 2, f"nothing moved on the starting page: {told}"
    assert told == sorted(told), "something went back"
    expect(page.locator("#jp-top-panel")).to_be_visible(timeout=SLOW)
    assert lab("")["HostConfig"]["Memory"] == 640 * 2**20


def start_another_beside(fresh: Yard, user: Hands) -> None:
    page = user.page
    page.goto(fresh.url)
    user.press(page.locator("#new-server"))
    user.fill(page.locator("#server-name"), "beside")
    user.press(page.locator("#begin"))
    page.wait_for_url("**/user/user1/beside/lab**", timeout=SLOW)
    page.goto(fresh.url)
    expect(page.locator("#server")).to_contain_text("Running")
    expect(page.locator("#servers tr", has_text="beside")).to_contain_text("Running")


def extend(fresh: Yard, user: Hands) -> None:
    dates, page = Dates(fresh), user.page
    dates.set("user1", "", 5 * 3600 + 60)
    dates.close()
    page.goto(fresh.url)
    expect(page.locator("#server")).to_contain_text("ends in 5 h")
    user.press(page.locator("#server").get_by_role("button", name="Extend"))
    expect(page.locator(".ly-said")).to_contain_text("7 days left")


def reset_a_volume(user: Hands) -> None:
    page = user.page
    user.press(page.locator("#manage"))
    row = page.locator("#volume-cache")
    expect(row.get_by_role("button", name="Reset")).to_be_disabled()
    expect(page.locator("#why-cache")).to_contain_text("stop your server first")
    bar = page.get_by_role("navigation", name="Main")
    user.press(bar.get_by_role("link", name="Home", exact=True))
    for stop in ("#stop", "#stop-beside"):
        user.press(page.locator(stop))
        expect(page.locator(".ly-said")).to_contain_text("stopped", timeout=SLOW)
    user.press(page.locator("#reset-cache"))
    reset = page.get_by_role("button", name="Reset Cache")
    user.fill(page.locator("#confirm"), "cache")
    user.press(reset)
    expect(page.locator(".ly-said")).to_contain_text("Cache was reset", timeout=SLOW)


def fail_and_try_again(fresh: Yard, user: Hands, client: docker.DockerClient) -> None:
    page = user.page
    page.goto(fresh.url)
    user.press(page.locator("#options"))
    user.choose(page.locator("#image"), LATE)
    user.press(page.locator("#begin"))
    expect(page.locator("#failed")).to_be_visible(timeout=SLOW)
    expect(page.locator("#failed")).to_contain_text(LATE)
    client.images.get(IMAGE).tag(LATE)
    user.press(button(page, "Start again"))
    page.wait_for_url("**/user/user1/lab**", timeout=SLOW)


@pytest.mark.timeout(500)
def test_the_whole_journey_by_keyboard_alone(
    fresh: Yard, window: Callable[[], Hands], engine_client: docker.DockerClient
) -> None:
    names = Names(fresh.installation)

    def lab(server: str) -> dict:
        attributes: dict = engine_client.containers.get(names.lab("user1", server)).attrs
        return attributes

    user = window()
    ask_and_be_approved(fresh, user, window())
    start_with_two_options(user, lab)
    start_another_beside(fresh, user)
    extend(fresh, user)
    reset_a_volume(user)
    fail_and_try_again(fresh, user, engine_client)
    assert lab("")["Config"]["Image"] == LATE
