"""The home page, as a person meets it: every state, both themes, a desk and a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labyard.web.view.pace import IDLE, RUNNING
from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.yard import PASSWORD, Yard

SLOW = 90_000.0  # milliseconds


@pytest.fixture
def anna(seat: Callable[..., Seat]) -> Seat:
    return seat("anna")


@pytest.mark.timeout(300)
def test_start_look_restart_stop_and_reset(anna: Seat, artefacts: Path) -> None:
    page = anna.page
    expect(page.locator("#server")).to_contain_text("Stopped")
    look(page, artefacts, "home-stopped")

    page.click("#start")
    page.wait_for_url("**/user/anna/**", timeout=SLOW)

    anna.home()
    expect(page.locator("#server")).to_contain_text("Running")
    expect(page.locator("#open")).to_have_attribute("href", "/user/anna/")
    expect(page.locator(".ly-meter").first).to_be_visible(timeout=30_000)
    expect(page.locator("#volumes")).to_contain_text("stop your server first")
    expect(page.locator("#reset-cache")).to_have_count(0)
    look(page, artefacts, "home-running")

    page.click("#restart")
    expect(page.locator(".ly-said")).to_contain_text("restarted", timeout=SLOW)
    expect(page.locator("#server")).to_contain_text("Running")

    page.click("#stop")
    expect(page.locator(".ly-said")).to_contain_text("stopped", timeout=SLOW)

    page.click("#reset-cache")
    look(page, artefacts, "reset")
    button = page.get_by_role("button", name="Reset Cache")
    expect(button).to_be_disabled()
    page.fill("#confirm", "home")
    expect(button).to_be_disabled()
    page.fill("#confirm", "cache")
    button.click()
    expect(page.locator(".ly-said")).to_contain_text("Cache was reset", timeout=SLOW)
    assert anna.problems == []


@pytest.mark.timeout(300)
def test_a_named_server_comes_and_goes(anna: Seat, artefacts: Path) -> None:
    page = anna.page
    page.click("#new-server")
    page.fill("#server-name", "paper-figures")
    page.click("#begin")
    page.wait_for_url("**/user/anna/paper-figures/**", timeout=SLOW)

    anna.home()
    row = page.locator("#servers tr", has_text="paper-figures")
    expect(row).to_contain_text("Running")
    look(page, artefacts, "home-named")
    expect(row.locator(".ly-figures")).to_contain_text("Memory", timeout=30_000)
    page.focus("#stop-paper-figures")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Stopped", timeout=SLOW)
    expect(page.locator("#start-paper-figures")).to_be_focused()
    expect(page.locator("#spoken")).to_have_text("paper-figures has stopped.")
    page.keyboard.press("Tab")
    expect(page.locator("#change-paper-figures")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#delete-paper-figures")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row).to_have_count(0, timeout=SLOW)
    expect(page.locator("#servers")).to_contain_text("No other servers")
    expect(page.locator("#others-title")).to_be_focused()
    expect(page.locator("#spoken")).to_contain_text("paper-figures was deleted.")
    assert anna.problems == []


@pytest.mark.timeout(300)
def test_the_focus_stays_with_a_server_whose_state_changes_elsewhere(
    anna: Seat, yard: Yard
) -> None:
    page = anna.home()
    page.focus("#start")
    other = yard.person("anna")
    other.sign_in(PASSWORD)
    other.run()
    expect(page.locator("#server")).to_contain_text("Running", timeout=30_000)
    expect(page.locator("#open")).to_be_focused()
    other.halt()
    expect(page.locator("#start")).to_be_focused(timeout=30_000)


@pytest.mark.timeout(300)
def test_the_page_follows_what_happens_elsewhere(anna: Seat, yard: Yard) -> None:
    page = anna.home()
    asks = page.locator("#again")
    expect(asks).to_have_attribute("hx-trigger", f"every {IDLE}s")
    page.evaluate("window.opened = 'once'")
    other = yard.person("anna")
    other.sign_in(PASSWORD)
    other.run()
    expect(page.locator("#server")).to_contain_text("Running", timeout=30_000)
    expect(page.locator("#spoken")).to_have_text("My server: Running")
    expect(asks).to_have_attribute("hx-trigger", f"every {RUNNING}s")
    other.halt()
    expect(page.locator("#server")).to_contain_text("Stopped", timeout=30_000)
    expect(asks).to_have_attribute("hx-trigger", f"every {IDLE}s")
    assert page.evaluate("window.opened") == "once"
    assert anna.problems == []


@pytest.mark.timeout(300)
def test_everything_works_without_javascript(seat: Callable[..., Seat]) -> None:
    ben = seat("ben", java_script_enabled=False)
    page = ben.page
    page.click("#start")
    for _ in range(60):
        ben.home()
        if page.locator("#stop").count():
            break
        page.wait_for_timeout(1000)
    page.click("#stop")
    expect(page.locator(".ly-said")).to_contain_text("stopped", timeout=SLOW)
    page.click("#reset-cache")
    page.fill("#confirm", "wrong")
    page.get_by_role("button", name="Reset Cache").click()
    expect(page.locator("#wrong")).to_be_visible()
    page.fill("#confirm", "cache")
    page.get_by_role("button", name="Reset Cache").click()
    expect(page.locator(".ly-said")).to_contain_text("Cache was reset")


def test_the_keyboard_reaches_the_primary_action_and_the_menu(anna: Seat) -> None:
    page = anna.home()
    reached = []
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert "start" in reached
    page.locator("#login_widget summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Sign out")).to_be_hidden()


def test_the_theme_is_the_hubs(anna: Seat) -> None:
    page = anna.home()
    page.click("#dark-theme-toggle")
    theme = page.evaluate("document.documentElement.dataset.bsTheme")
    anna.open("hub/token")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == theme


def test_an_address_that_leads_nowhere_is_a_page_in_the_same_look(
    anna: Seat, artefacts: Path
) -> None:
    page = anna.open("services/labyard/nowhere")
    expect(page.locator("h1")).to_contain_text("Not found")
    expect(page.locator("#login_widget")).to_contain_text("anna")
    look(page, artefacts, "not-found")
