"""The main job as people do it: from the first secret to a file that is still there tomorrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.tools.yard import PASSWORD, Yard

SLOW = 90_000.0  # milliseconds


@pytest.fixture(scope="module")
def fresh(make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard()
    yard.up()
    return yard


@pytest.fixture
def window(fresh: Yard, browser: Browser) -> Iterator[Callable[[], Page]]:
    """Open a private window: nobody is signed in."""
    contexts = []

    def open_one() -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 860})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(fresh.url)
        return page

    yield open_one
    for context in contexts:
        context.close()


def choose_password(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)


def ask_for_account(page: Page, name: str) -> None:
    page.get_by_role("link", name="Ask for an account").click()
    page.get_by_label("Username").fill(name)
    choose_password(page)
    page.get_by_role("button", name="Ask for an account").click()


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def start(page: Page) -> None:
    """Press Start at home and wait in the progress page until JupyterLab is there."""
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/user/user1/lab**", timeout=SLOW)
    expect(page.locator("#jp-top-panel")).to_be_visible(timeout=SLOW)


@pytest.mark.timeout(400)
def test_from_the_first_secret_to_a_file_that_is_still_there(
    fresh: Yard, window: Callable[[], Page]
) -> None:
    admin = window()
    admin.get_by_role("link", name="Begin here").click()
    secret = (fresh.data / "secrets" / "bootstrap").read_text().strip()
    expect(admin.get_by_label("Bootstrap secret")).to_be_focused()
    admin.get_by_label("Bootstrap secret").fill(secret)
    choose_password(admin)
    admin.get_by_role("button", name="Begin").click()
    expect(admin.get_by_role("link", name="Administration")).to_be_visible()

    user = window()
    ask_for_account(user, "user1")
    user.goto(fresh.url)
    sign_in(user, "user1")
    expect(user.get_by_role("alert")).to_contain_text("not approved")

    admin.get_by_role("link", name="Administration").click()
    admin.get_by_role("button", name="Approve user1").click()
    expect(admin.get_by_text("user1 was approved.")).to_be_visible()

    user.goto(fresh.url)
    sign_in(user, "user1")
    start(user)
    user.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
    run_a_cell(user, "open('made-here.txt', 'w').write(str(6 * 7)); print(6 * 7 * 100)", "4200")
    user.keyboard.press("Control+s")
    # JupyterLab asks for a name when a notebook is saved for the first time.
    user.locator(".jp-Dialog").get_by_role("button", name="Rename").click()
    expect(user.locator(".jp-Dialog")).to_have_count(0)

    user.goto(fresh.url)
    user.get_by_role("button", name="Stop", exact=True).click()
    expect(user.locator("#server")).to_contain_text("Stopped", timeout=SLOW)
    start(user)
    # JupyterLab opens what was open: the notebook, with what it printed yesterday.
    expect(user.locator(".jp-Notebook:visible")).to_contain_text("4200", timeout=SLOW)
    run_a_cell(user, "print(open('made-here.txt').read() + '-again')", "42-again")

    ask_for_account(window(), "user2")
    admin.reload()
    admin.get_by_role("button", name="Approve user2").click()
    other = window()
    sign_in(other, "user2")
    expect(other.locator("#server")).to_be_visible()
    answer = other.goto(f"{fresh.url}user/user1/lab")
    assert answer is not None
    assert answer.status == 403


def run_a_cell(page: Page, code: str, printed: str) -> None:
    """Type code into the open notebook's last cell, run it and read what it printed."""
    expect(page.get_by_role("button", name="| Idle")).to_be_visible(timeout=SLOW)
    cell = page.locator(".jp-Notebook:visible .jp-CodeCell").last
    cell.locator(".cm-content").click()
    page.keyboard.type(code)
    page.keyboard.press("Shift+Enter")
    output = page.locator(".jp-Notebook:visible .jp-OutputArea-output", has_text=printed)
    expect(output).to_be_visible(timeout=SLOW)
