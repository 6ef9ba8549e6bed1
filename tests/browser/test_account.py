"""One's own account, as a person meets it: profile, password, tokens and keys."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Seat
from tests.browser.looks import look


@pytest.fixture
def olga(seat: Callable[..., Seat]) -> Seat:
    return seat("olga")


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Your account").get_by_role("link", name=name).click()
    expect(page.locator("h1")).to_have_text(name)


def test_the_menu_leads_there_by_keyboard(olga: Seat) -> None:
    page = olga.home()
    page.locator("#login_widget summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Profile")
    for name in ("Password", "API tokens", "SSH keys", "Profile"):
        tab(page, name)
        expect(page).to_have_title(re.compile(f"^{name} · "))
    assert olga.problems == []


@pytest.mark.parametrize(
    ("path", "form", "busy"),
    [
        ("services/labyard/account/profile", "Save", "Saving…"),
        ("hub/spawn/olga", "Start my server", "Starting…"),
    ],
)
def test_a_pressed_button_says_so_and_sends_once(
    path: str, form: str, busy: str, olga: Seat
) -> None:
    page, sent = olga.open(path), []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.url)
            route.fulfill(status=204)  # the page stays
        else:
            route.continue_()

    page.route("**", answer)
    page.get_by_role("button", name=form).click()
    button = page.get_by_role("button", name=busy)
    expect(button).to_be_disabled()
    expect(button).to_be_focused()
    button.click(force=True)
    page.evaluate("fetch('later', {method: 'POST'})")
    assert len(sent) == 2, "the form once, and what was sent after it"


def test_a_token_is_made_copied_and_revoked(olga: Seat, artefacts: Path) -> None:
    page = olga.open("services/labyard/account/tokens")
    page.get_by_label("What for").fill("<b>nightly</b>")
    page.get_by_label("Start and stop my servers").check()
    expect(page.get_by_label("Expires after")).to_have_value("90")
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator("#made")).to_be_focused()
    token = page.locator("#token").inner_text()
    assert re.fullmatch(r"[\w-]{30,}", token)
    olga.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#token-copied")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == token
    look(page, artefacts, "account-token-made")

    def answer() -> int:
        headers = {"Authorization": f"token {token}"}
        url = olga.yard.url + "hub/api/users/olga"
        return requests.get(url, headers=headers, timeout=20).status_code

    assert answer() == 200
    page = olga.open("services/labyard/account/tokens")
    assert token not in page.content()
    row = page.locator("tr", has_text="<b>nightly</b>")
    expect(row).to_contain_text("Start and stop my servers")
    expect(row).to_contain_text("in 90 days")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    look(page, artefacts, "account-tokens")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".ly-said")).to_contain_text("revoked")
    assert answer() == 403
    assert olga.problems == []


def test_a_token_without_an_end_is_meant(olga: Seat) -> None:
    page = olga.open("services/labyard/account/tokens")
    meant = page.get_by_label("I mean it")
    expect(meant).to_be_hidden()
    page.get_by_label("What for").fill("for ever")
    page.get_by_label("Expires after").select_option("never")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("alert")).to_contain_text("also for a thief")
    expect(page.get_by_label("What for")).to_have_value("for ever")
    meant.check()
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator("#made")).to_be_visible()
    expect(page.locator("tr", has_text="for ever")).to_contain_text("Never")


def test_a_key_is_added_and_deleted(olga: Seat, artefacts: Path, tmp_path: Path) -> None:
    file = tmp_path / "id_ed25519"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "<i>olga</i>@desk", "-f", file],
        check=True,
    )
    page = olga.open("services/labyard/account/keys")
    expect(page.locator("main")).to_contain_text("SSH is not switched on here")
    look(page, artefacts, "account-no-keys")

    page.get_by_label("Public key").fill(file.read_text())
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_role("alert")).to_contain_text("private key")
    assert file.read_text().splitlines()[1] not in page.content()

    page.get_by_label("Public key").fill(file.with_suffix(".pub").read_text())
    page.get_by_role("button", name="Add the key").click()
    row = page.locator("tbody tr")
    expect(row).to_contain_text("<i>olga</i>@desk")
    expect(row).to_contain_text("SHA256:")
    look(page, artefacts, "account-keys")
    row.locator("summary").click()
    row.get_by_role("button", name="Delete").click()
    expect(page.locator("main")).to_contain_text("No keys yet")
    assert olga.problems == [] or all("400" in problem for problem in olga.problems)


def painted(page: Page) -> str:
    """Return the theme a page had when the first of it was there to be painted."""
    page.add_init_script(
        "new MutationObserver((_, o) => { if (document.body) {"
        " window.first = document.documentElement.dataset.bsTheme; o.disconnect(); } })"
        ".observe(document, {childList: true, subtree: true})"
    )
    page.reload()
    return str(page.evaluate("window.first"))


def test_the_profile_is_what_pages_look_like(
    seat: Callable[..., Seat], admin_seat: Seat, artefacts: Path
) -> None:
    pia, name = seat("pia"), "Pía <b>Ñandú</b> 李"
    page = pia.open("services/labyard/account/profile")
    look(page, artefacts, "account-profile")
    page.get_by_label("Display name").fill(name)
    page.get_by_role("radio", name="Dark", exact=True).check()
    page.get_by_label("Numbers only").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".ly-said")).to_contain_text("Saved")
    expect(page.locator("#login_widget summary")).to_contain_text(name)
    for path in ("services/labyard/", "hub/password"):
        pia.open(path)
        expect(page.locator("#login_widget summary")).to_contain_text(name)
        assert painted(page) == "dark"
        expect(page.locator("html")).to_have_attribute("data-ly-figures", "plain")

    page.click("#dark-theme-toggle")
    assert painted(page) == "light"  # this browser, until another theme is chosen
    elsewhere = seat("pia")
    assert painted(elsewhere.page) == "dark"
    page = pia.open("services/labyard/account/profile")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")

    accounts = admin_seat.open("services/labyard/admin/users?search=pia")
    expect(accounts.locator("tr", has_text="pia")).to_contain_text(name)
    assert pia.problems == []


def test_a_display_name_that_cannot_be_is_told_beside_the_field(olga: Seat) -> None:
    page = olga.open("services/labyard/account/profile")
    page.get_by_label("Display name").fill("...")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("a letter, a digit or a symbol")
    expect(page.get_by_label("Display name")).to_be_focused()
    expect(page.get_by_label("Display name")).to_have_value("...")


def test_the_password_page_is_ready_to_type(olga: Seat, artefacts: Path) -> None:
    page = olga.open("hub/password")
    expect(page.get_by_label("Current password")).to_be_focused()
    page.keyboard.type("wrong")
    page.get_by_label("New password").fill("another horse battery")
    page.get_by_label("The same again").fill("another horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The current password is wrong")
    look(page, artefacts, "account-password-wrong")


def test_it_all_works_without_javascript(seat: Callable[..., Seat]) -> None:
    rosa = seat("rosa", java_script_enabled=False)
    page = rosa.open("services/labyard/account/tokens")
    page.get_by_label("What for").fill("plain")
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator("#token")).to_be_visible()
    page = rosa.open("services/labyard/account/tokens")
    row = page.locator("tr", has_text="plain")
    row.locator("summary").click()
    row.get_by_role("button", name="Revoke").click()
    expect(page.locator("main")).to_contain_text("No tokens")
