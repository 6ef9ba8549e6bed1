"""Notices inside JupyterLab, seen in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from labyard.notices.models import Action, Kind, Notice, Outcome
from tests.browser.conftest import Seat
from tests.tools.notices import lab_of, send
from tests.tools.yard import PASSWORD, Yard

SLOW = 60_000.0  # milliseconds
LOOKS = {
    Kind.DEFAULT: "default",
    Kind.INFO: "info",
    Kind.SUCCESS: "success",
    Kind.WARNING: "warning",
    Kind.ERROR: "error",
    Kind.IN_PROGRESS: "default",  # with a spinner
}


@pytest.fixture
def opened(yard: Yard, seat: Callable[..., Seat]) -> Page:
    """JupyterLab of somebody whose server runs."""
    seated = seat("nina")
    person = yard.person("nina")
    person.sign_in(PASSWORD)
    if not person.ready():
        person.run()
    page = seated.open("user/nina/lab")
    expect(page.locator("#jp-main-dock-panel")).to_be_visible(timeout=SLOW)
    return page


@pytest.mark.timeout(300)
def test_every_kind_of_notice_is_shown(yard: Yard, opened: Page, artefacts: Path) -> None:
    lab = lab_of(yard, "nina")
    for kind, look in LOOKS.items():
        notice = Notice(f"This is {kind.value}.", kind, False, (Action("All right"),))
        assert send(yard, lab, notice) is Outcome.SHOWN
        toast = opened.locator(f".Toastify__toast--{look}", has_text=notice.message)
        expect(toast).to_be_visible(timeout=SLOW)
        expect(toast).to_contain_text("All right")
    with opened.expect_response("**/jupyterlab-notifications-extension/notifications*"):
        pass  # the page asks every 30 s for what it may have missed
    # Nothing of JupyterLab's own is in the way: no news, no word of updates.
    expect(opened.locator(".Toastify__toast")).to_contain_text(
        [f"This is {kind.value}." for kind in reversed(LOOKS)]
    )
    opened.screenshot(path=artefacts / "notices-1280-light.png")


@pytest.mark.timeout(300)
def test_the_longest_notice_is_shown_whole_and_as_text(yard: Yard, opened: Page) -> None:
    words = "<img src=x onerror=document.title='owned'>".ljust(136, "a") + " end"
    assert len(words) == 140
    assert send(yard, lab_of(yard, "nina"), Notice(words, auto_close=False)) is Outcome.SHOWN
    toast = opened.locator(".Toastify__toast", has_text="owned")
    expect(toast).to_contain_text(words, timeout=SLOW)
    assert opened.title() != "owned"
