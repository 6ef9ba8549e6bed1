"""The place wears its site's name, logo, colours and words, wherever one arrives."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.person import eventually
from tests.tools.yard import PASSWORD, Yard

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40" width="120" height="40">'
    '<rect width="120" height="40" rx="8" fill="#1a5fb4"/></svg>'
)
SITE = {
    "name": "Genome Lab <1>",
    "logo": "ours.svg",
    "colour": "#ffd500",  # cannot be read on white as it is
    "accent": "#2ec27e",
    "announcement": "Closed on Friday: https://example.org/why?a=1&b=<b> and javascript:alert(1)",
    "help": "Ask Ada,\nroom 12, or write to https://example.org/help.",
}


@pytest.fixture(scope="module")
def ours(make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard(site=SITE, base_url="/genome/")
    (yard.directory / "ours.svg").write_text(LOGO)
    yard.up()
    yard.bootstrap()
    return yard


@pytest.fixture
def visitor(ours: Yard, browser: Browser) -> Iterator[Seat]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    yield Seat(ours, context, "admin")
    context.close()


def wears(page: Page, title: str) -> None:
    """See that a page is the site's own."""
    expect(page).to_have_title(f"{title} · Genome Lab <1>")
    logo = page.locator(".ly-bar img")
    expect(logo).to_have_attribute("alt", "Genome Lab <1>")
    assert logo.evaluate("image => image.complete && image.naturalWidth") == 120


ARRIVING = {
    "site-sign-in": ("hub/login", "Sign in"),
    "site-sign-up": ("hub/signup", "Ask for an account"),
    "site-invitation": ("hub/invitation", "Set your password"),
    "site-signed-out": ("hub/logout", "You are signed out"),
}


@pytest.mark.parametrize("name", ARRIVING)
def test_pages_before_sign_in(visitor: Seat, artefacts: Path, name: str) -> None:
    path, title = ARRIVING[name]
    page = visitor.open(path)
    wears(page, title)
    link = page.locator(".ly-announcement a")
    expect(link).to_have_attribute("href", "https://example.org/why?a=1&b=<b>")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(page.locator(".ly-announcement")).to_contain_text("javascript:alert(1)")
    expect(page.locator(".ly-lines a")).to_have_attribute("href", "https://example.org/help")
    look(page, artefacts, name)
    assert visitor.problems == []


def test_a_request_and_what_comes_after(visitor: Seat, artefacts: Path) -> None:
    page = visitor.open("hub/signup")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Ask for an account").click()
    wears(page, "Your request was sent")
    look(page, artefacts, "site-pending")


def test_pages_of_hub_and_service_and_signing_out(visitor: Seat, artefacts: Path) -> None:
    page = visitor.sign_in()
    wears(page, "Home")
    look(page, artefacts, "site-home")
    for path, title in (
        ("services/labyard/account/profile", "Profile"),
        ("hub/password", "Password"),
        ("services/labyard/admin/users", "Users"),
        ("hub/token", "API tokens in JupyterHub"),
        ("hub/admin", "Servers and people"),
        ("hub/nowhere", "Not found"),
        ("services/labyard/nowhere", "Not found"),
    ):
        wears(visitor.open(path), title)
    page.locator("#login_widget summary").click()
    page.get_by_role("link", name="Sign out").click()
    wears(page, "You are signed out")
    expect(page.locator("#again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Username")).to_be_focused()


def test_what_the_edge_says_itself(visitor: Seat, ours: Yard, artefacts: Path) -> None:
    page = visitor.open("x%2f..%2fy")
    expect(page).to_have_title("That request was not understood · Genome Lab <1>")
    logo = page.get_by_role("img", name="Genome Lab <1>")
    assert logo.evaluate("image => image.naturalWidth") == 120
    look(page, artefacts, "site-edge")
    ground = page.get_by_role("link", name="Go home").evaluate(
        "a => getComputedStyle(a).background"
    )
    button = visitor.open("hub/login").locator("#login_submit")
    assert button.evaluate("b => getComputedStyle(b).backgroundColor") in ground


def test_a_hub_that_is_away_is_told_in_the_same_style(
    visitor: Seat, ours: Yard, artefacts: Path
) -> None:
    os.kill(ours.pid("hub"), signal.SIGKILL)
    eventually(lambda: requests.get(ours.url, timeout=5).status_code == 503, 20, "it is away")
    page = visitor.open("hub/login")
    expect(page).to_have_title("One moment, please · Genome Lab <1>")
    look(page, artefacts, "site-503")
    ours.up()
    expect(page.get_by_label("Username")).to_be_visible(timeout=60_000)  # it tries again by itself
