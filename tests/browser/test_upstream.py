"""JupyterHub's own pages stay in reach, within the frame and the width of a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seat
from tests.browser.looks import DESK, HEIGHT, PHONE, look

PAGES = {
    "hub/token": ("API tokens in JupyterHub", "#oauth-tokens-table"),
    "hub/admin": ("Servers and people", "#react-admin-hook table"),
}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_it_keeps_to_the_width(admin_seat: Seat, artefacts: Path, path: str, width: int) -> None:
    title, wide = PAGES[path]
    page = admin_seat.open(path)
    page.set_viewport_size({"width": width, "height": HEIGHT})
    expect(page.locator(wide).first).to_be_visible()
    expect(page).to_have_title(f"{title} · Labyard")
    page.screenshot(path=artefacts / f"{path.replace('/', '-')}-{width}.png", full_page=True)
    sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert sideways <= 0, f"sticks out by {sideways} px"
    assert admin_seat.problems == []


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
