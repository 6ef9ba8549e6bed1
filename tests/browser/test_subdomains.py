"""Labs with host names of their own: a whole installation below ``hub.localhost``."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seat
from tests.tools.yard import Yard

SLOW = 90_000.0  # milliseconds


@pytest.fixture(scope="module", params=["haproxy", "chp"])
def named(request: pytest.FixtureRequest, make_yard: Callable[..., Yard]) -> Yard:
    place = make_yard(named="hub.localhost", edge={"proxy": request.param})
    place.up()
    place.member("user1")
    return place


@pytest.mark.timeout(300)
def test_sign_in_start_open_and_sign_out(named: Yard, sit: Callable[[Yard, str], Seat]) -> None:
    user = sit(named, "user1")
    page, lab = user.page, named.url.replace("//", "//user1.") + "user/user1/"
    assert page.url == f"{named.url}services/labyard/"

    page.click("#start")
    page.wait_for_url(f"{lab}lab**", timeout=SLOW)
    expect(page.locator("#jp-top-panel")).to_be_visible(timeout=SLOW)

    user.home()
    expect(page.locator("#server")).to_contain_text("Running")
    expect(page.locator("#open")).to_have_attribute("href", lab)
    assert user.problems == []
    for cookie in user.context.cookies():
        shared = cookie["domain"].startswith(".")
        assert shared == (cookie["name"] == "jupyterhub-session-id"), cookie

    # The hub does not answer where labs do: not its pages, and not for a lab that does not run.
    host = f"//user1.{urlsplit(named.url).netloc}"
    for path in ("hub/home", "services/labyard/", "hub/login"):
        page.goto(named.url.replace(f"//{urlsplit(named.url).netloc}", host) + path)
        assert urlsplit(page.url).hostname == "hub.localhost", page.url
    page.goto(lab.replace("user1", "user2") + "lab")
    assert urlsplit(page.url).hostname == "hub.localhost", page.url

    user.home()
    page.locator("#login_widget summary").click()
    page.get_by_role("link", name="Sign out").click()
    page.goto(f"{lab}lab")
    page.wait_for_url(f"{named.url}hub/login**")
