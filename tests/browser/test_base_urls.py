"""The whole place below ``/``, ``/jupyterhub`` and ``/a/b``: nothing leads out of its path.

The second one gives labs host names of their own, the third wears words that try to be more than text.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Seat
from tests.browser.test_lab_pages import lab_url, start
from tests.tools.yard import Yard

SLOW = 90_000.0  # milliseconds
PAGES = (
    "services/labyard/",
    "services/labyard/new",
    "services/labyard/account/profile",
    "hub/spawn/user1",
    "hub/token",
)


@pytest.fixture(params=["yard", "named", "below"])
def place(request: pytest.FixtureRequest) -> Yard:
    found: Yard = request.getfixturevalue(request.param)
    return found


@pytest.mark.timeout(300)
def test_sign_in_look_around_start_and_sign_out(
    place: Yard, sit: Callable[[Yard, str], Seat]
) -> None:
    user = sit(place, "user1")
    page, lab = user.page, lab_url(place, "user1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    missing: list[str] = []
    page.on("response", lambda answer: missing.append(answer.url) if answer.status >= 400 else None)

    assert page.url == f"{place.url}services/labyard/"
    for path in PAGES:
        user.open(path)
    assert (missing, user.problems) == ([], [])

    user.open("services/labyard/account/profile")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".ly-said")).to_contain_text("Saved")
    user.home()
    start(user, lab)
    page.goto(f"{lab}lab")
    expect(page.locator("#jp-top-panel")).to_be_visible(timeout=SLOW)
    user.home()
    expect(page.locator("#server")).to_contain_text("Running")
    opened = page.locator("#open").get_attribute("href") or ""
    assert opened in (lab, urlsplit(lab).path)

    page.locator("#login_widget summary").click()
    page.get_by_role("link", name="Sign out").click()
    expect(page.locator("#login_widget")).to_have_count(0)
    assert page.url.startswith(f"{place.url}hub/")
    page.goto(f"{lab}lab")
    page.wait_for_url(f"{place.url}hub/login**")

    ours = (place.url, lab, "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []
    base = urlsplit(place.url).path
    assert {c["path"] for c in user.context.cookies() if not c["path"].startswith(base)} == set()


@pytest.mark.timeout(300)
def test_labs_with_names_of_their_own_share_no_cookie_and_no_page_with_the_hub(
    named: Yard, sit: Callable[[Yard, str], Seat]
) -> None:
    user = sit(named, "user1")
    page, hub = user.page, urlsplit(named.url)
    start(user, lab_url(named, "user1"))
    assert "running" in named.labyard("servers", "info", "user1").stdout
    for cookie in user.context.cookies():
        shared = cookie["domain"].startswith(".")
        assert shared == (cookie["name"] == "jupyterhub-session-id"), cookie
    # The hub answers at no lab's name, and not for a lab that does not run.
    for path in ("hub/home", "services/labyard/", "hub/login", "user/user3/lab"):
        page.goto(named.url.replace(f"//{hub.netloc}", f"//user3.{hub.netloc}") + path)
        assert urlsplit(page.url).hostname == hub.hostname, page.url
