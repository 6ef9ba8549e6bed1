"""A real Chromium, and people who sit before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.looks import look
from tests.tools.person import Person
from tests.tools.yard import PASSWORD, Yard

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the system's Chromium, which looks for nothing beyond what it is sent to."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(QUIET)}


class Seat:
    """One person before a browser. ``problems`` collects what the console complains about."""

    def __init__(self, yard: Yard, context: BrowserContext, name: str) -> None:
        self.yard, self.context, self.name = yard, context, name
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._complaint)

    def _complaint(self, message: ConsoleMessage) -> None:
        # That a page itself is a 403 or 404 is no complaint: it may be meant to be one.
        itself = message.location.get("url") == self.page.url and "status of 4" in message.text
        if message.type == "error" and not itself:
            self.problems.append(f"{message.text} ({message.location})")

    def open(self, path: str = "") -> Page:
        """Open a page below the base URL."""
        self.page.goto(self.yard.url + path)
        return self.page

    def home(self) -> Page:
        """Open the home page."""
        return self.open("services/labyard/")

    def sign_in(self) -> Page:
        """Sign in through the form, and land at home."""
        page = self.open("hub/login")
        page.fill("#username_input", self.name)
        page.fill("#password_input", PASSWORD)
        page.click("#login_submit")
        page.wait_for_url("**/services/labyard/**")
        return page


@pytest.fixture(scope="session")
def accounts() -> set[str]:
    """Who has an account already."""
    return set()


@pytest.fixture
def seat(yard: Yard, browser: Browser, accounts: set[str]) -> Iterator[Callable[..., Seat]]:
    """Give somebody with an approved account a browser of their own, signed in."""
    contexts = []

    def take(name: str, **options: Any) -> Seat:
        if name not in accounts:
            yard.member(name)
            accounts.add(name)
        context = browser.new_context(viewport={"width": 1280, "height": 860}, **options)
        contexts.append(context)
        sitting = Seat(yard, context, name)
        sitting.sign_in()
        return sitting

    yield take
    for context in contexts:
        context.close()


@pytest.fixture
def sit(browser: Browser) -> Iterator[Callable[[Yard, str], Seat]]:
    """Give somebody with an account at a yard of its own a browser, signed in."""
    contexts = []

    def take(place: Yard, name: str) -> Seat:
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        contexts.append(context)
        sitting = Seat(place, context, name)
        sitting.sign_in()
        return sitting

    yield take
    for context in contexts:
        context.close()


@pytest.fixture
def stranger(yard: Yard, browser: Browser) -> Iterator[Seat]:
    """Somebody before a browser of their own who is not signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    yield Seat(yard, context, "stranger")
    context.close()


@pytest.fixture
def admin_seat(admin: Person, accounts: set[str], seat: Callable[..., Seat]) -> Seat:
    """The first administrator before a browser, signed in."""
    accounts.add(admin.name)
    return seat(admin.name)


@pytest.fixture
def looks(artefacts: Path) -> Callable[[Seat, str, str], Page]:
    """Open a page and hold it to what every page must hold; ``name`` is that of its pictures."""

    def opened(seat: Seat, path: str, name: str) -> Page:
        page = seat.open(path)
        look(page, artefacts, name)
        assert seat.problems == [], f"{name}: the console complains"
        return page

    return opened
