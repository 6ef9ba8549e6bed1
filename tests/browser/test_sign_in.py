"""Signing in at a provider, as people see it: the sign-in page's two ways, there, back, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.provider import Provider
from tests.tools.yard import Yard


@pytest.fixture
def somebody(named: Yard, sso: Provider, browser: Browser) -> Iterator[Seat]:
    """Somebody before a browser whom only the provider knows."""
    if sso.process is None:
        sso.start()
    sso.say("71", "ways-ann")
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    yield Seat(named, context, "ways-ann")
    context.close()


def test_there_and_back_and_out(somebody: Seat, sso: Provider, artefacts: Path) -> None:
    page = somebody.open("hub/token")
    expect(page.get_by_role("heading", name="Sign in to Labyard")).to_be_visible()
    expect(page.get_by_label("Username")).to_be_visible()
    look(page, artefacts, "sign-in-two-ways")

    page.get_by_role("link", name="Sign in with Casdoor").press("Enter")
    page.get_by_role("link", name="ways-ann").click()
    page.wait_for_url(somebody.yard.url + "hub/token")
    assert somebody.problems == []

    somebody.open("hub/logout")
    page.wait_for_url(f"{sso.issuer}/api/logout**")


def test_a_name_that_is_somebody_elses(somebody: Seat, sso: Provider, artefacts: Path) -> None:
    somebody.yard.member("ways-taken")
    sso.say("72", "ways-taken")
    page = somebody.open("hub/ways/casdoor")
    page.get_by_role("link", name="ways-taken").click()
    expect(page.get_by_text("There is an account named ways-taken here already")).to_be_visible()
    look(page, artefacts, "sign-in-name-taken")
