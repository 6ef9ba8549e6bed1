"""An administrator's work by keyboard: a server for somebody, its end moved, many stopped, one deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.hands import Hands

SLOW = 90_000.0  # milliseconds
ITS = "keys-anna/train"


@pytest.mark.timeout(300)
def test_a_server_of_somebody_else_from_its_making_to_its_end(
    admin_seat: Seat, seat: Callable[..., Seat], artefacts: Path
) -> None:
    seat("keys-anna")
    page = admin_seat.home()
    hands = Hands(page)

    hands.press(page.get_by_role("link", name="Administration"))
    hands.press(page.get_by_role("link", name="Servers", exact=True))
    hands.press(page.get_by_role("link", name="New server for…"))
    hands.fill(page.get_by_label("Username"), "keys-anna")
    hands.press(page.get_by_role("button", name="Go on"))
    hands.fill(page.get_by_label("Name", exact=True), "train")
    hands.fill(page.get_by_label("Days to live"), "5")
    hands.press(page.locator("#begin"))

    expect(page.locator(".ly-said")).to_contain_text(f"{ITS} is starting")
    hands.fill(page.get_by_role("searchbox"), "keys-anna")
    hands.press(page.get_by_role("button", name="Find"))
    line = page.locator(f'tr[data-row="{ITS}"]')
    expect(line).to_contain_text("Running", timeout=SLOW)  # without a reload
    expect(line).to_contain_text("5 days left")

    hands.press(page.locator(f'[id="info-{ITS}"]'))
    look(page, artefacts, "admin-servers-running")
    hands.fill(line.get_by_label("days from now"), "9")
    hands.press(line.get_by_role("button", name="Set the days"))
    expect(line).to_contain_text("9 days left")
    expect(page.locator(f'[id="info-{ITS}"]')).to_be_focused()

    hands.press(page.get_by_role("link", name="Activity"))
    expect(page.locator("#activity")).to_contain_text("train")
    look(page, artefacts, "admin-activity-running")

    page = admin_seat.open("services/labyard/admin/servers?search=keys-anna")
    hands.press(page.get_by_role("link", name="Stop many"))
    look(page, artefacts, "admin-servers-stop-many-running")
    hands.press(page.locator("#stop-many"))
    expect(page.locator(".ly-said")).to_contain_text("1 server stopped", timeout=SLOW)
    hands.press(line.get_by_label(f"Delete {ITS}…"))
    hands.press(line.get_by_role("button", name=f"Delete {ITS}", exact=True))
    expect(page.locator(".ly-said")).to_contain_text("was deleted", timeout=SLOW)
    expect(line).to_have_count(0)
    assert admin_seat.problems == []
