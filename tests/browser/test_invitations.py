"""A code that brings somebody in: handed out by an administrator, typed by whom it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Seat
from tests.browser.looks import look


def test_a_code_is_handed_out_with_its_address(admin_seat: Seat, artefacts: Path) -> None:
    page = admin_seat.open("hub/accounts")
    page.get_by_role("textbox", name="Username").fill("zoe")
    page.get_by_role("button", name="Add and make a code").click()
    address = page.locator("#invitation")
    expect(address).to_have_text(f"{admin_seat.yard.url}hub/invitation?name=zoe")
    page.get_by_role("button", name="Copy the one-time code").click()
    expect(page.locator("#one-time-code-copied")).to_have_text("Copied")
    look(page, artefacts, "accounts-code")


def test_an_invitation_with_a_name_waits_for_the_code(seat: Callable[..., Seat]) -> None:
    page = seat("sam").open("hub/invitation?name=zoe")
    expect(page.get_by_label("Username")).to_have_value("zoe")
    expect(page.get_by_label("One-time code")).to_be_focused()
