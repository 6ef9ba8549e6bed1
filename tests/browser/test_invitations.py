"""A code that brings somebody in, typed by whom it is for."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Seat


def test_an_invitation_with_a_name_waits_for_the_code(seat: Callable[..., Seat]) -> None:
    page = seat("sam").open("hub/invitation?name=zoe")
    expect(page.get_by_label("Username")).to_have_value("zoe")
    expect(page.get_by_label("One-time code")).to_be_focused()
