"""What is left of servers, at home and inside the lab, and the button that prolongs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.dates import Dates
from tests.tools.person import Person
from tests.tools.yard import PASSWORD, Yard

SLOW = 60_000.0  # milliseconds
HOUR, DAY = 3600, 86_400


@pytest.fixture
def dates(yard: Yard) -> Iterator[Dates]:
    found = Dates(yard)
    yield found
    found.close()


@pytest.fixture
def fritz(yard: Yard, seat: Callable[..., Seat]) -> tuple[Seat, Person]:
    """Somebody before a browser, and the same person at the command line."""
    seated = seat("fritz")
    person = yard.person("fritz")
    person.sign_in(PASSWORD)
    return seated, person


@pytest.mark.timeout(300)
def test_home_shows_what_is_left_and_extends_it(
    fritz: tuple[Seat, Person], dates: Dates, artefacts: Path
) -> None:
    seated, person = fritz
    person.run(days=7)
    person.run("train-long", days=14)
    dates.set("fritz", "", 5 * HOUR + 60)
    dates.set("fritz", "train-long", 6 * DAY, days=14)
    page = seated.home()
    mine = page.locator("#server .ly-left")
    expect(mine).to_contain_text("ends in 5 h")
    expect(mine.locator(".ly-state.warn")).to_be_visible()
    row = page.locator("#servers tr", has_text="train-long")
    expect(row).to_contain_text("6 days left")
    look(page, artefacts, "home-expiry")

    mine.get_by_role("button", name="Extend").click()
    expect(page.locator(".ly-said")).to_contain_text("My server was extended: 7 days left.")
    expect(mine).to_contain_text("7 days left")
    expect(mine.get_by_role("button")).to_have_count(0)
    row.get_by_role("button", name="Extend train-long").click()
    expect(page.locator(".ly-said")).to_contain_text("train-long was extended: 14 days left.")

    page = seated.open("services/labyard/info?server=train-long")
    expect(page.locator("main")).to_contain_text("14 days left")
    assert seated.problems == []


@pytest.mark.timeout(300)
def test_the_lab_says_that_it_ends_soon(
    fritz: tuple[Seat, Person], dates: Dates, artefacts: Path
) -> None:
    seated, person = fritz
    if not person.ready():
        person.run(days=7)
    page = seated.open("user/fritz/lab")
    expect(page.locator("#jp-main-dock-panel")).to_be_visible(timeout=SLOW)
    dates.set("fritz", "", 50 * 60)
    toast = page.locator(".Toastify__toast--warning", has_text="ends in 50 minutes")
    expect(toast).to_contain_text("Your server ends in 50 minutes. Your files stay.", timeout=SLOW)
    page.screenshot(path=artefacts / "lab-expiry-1280-light.png")
    person.halt()
