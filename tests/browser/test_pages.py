"""Every page of the product, once: each width, each theme, WCAG 2.2 AA, nothing in the console.

A new page is one line here. States that take doing (a running lab, a failed start) are looked at by
the tests that bring them about, with ``look``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Seat
from tests.browser.looks import look

# Name of the pictures -> path below the base URL. The user is called "looker".
PUBLIC = {
    "sign-in": "hub/login",
    "sign-up": "hub/signup",
    "invitation": "hub/invitation",
    "signed-out": "hub/logout",
    "edge-400": "x%2f..%2fy",
}
MEMBER = {
    "home": "services/labyard/",
    "hub-spawn": "hub/spawn/looker",
    "new-server": "services/labyard/new",
    "new-server-from-a-link": "services/labyard/new?server=far-away&opt-cpu=0.5&opt-memory=1G",
    "change": "services/labyard/change",
    "not-running": "hub/user/looker/",
    "volumes-empty": "services/labyard/volumes",
    "volume-empty": "services/labyard/volume/workspace",
    "account-allowed": "services/labyard/account/allowed",
    "account-profile": "services/labyard/account/profile",
    "account-tokens": "services/labyard/account/tokens",
    "account-keys": "services/labyard/account/keys",
    "password": "hub/password",
    "hub-home": "hub/home",
    "hub-404": "hub/nowhere",
    "info": "services/labyard/info",
    "tools": "services/labyard/tools",
    "patterns": "services/labyard/patterns",
    "service-404": "services/labyard/nowhere",
    "service-403": "services/labyard/admin/users",
    "admin-403": "services/labyard/admin/settings",
}
ADMIN = {
    "admin-servers": "services/labyard/admin/servers",
    "admin-servers-none": "services/labyard/admin/servers?search=nobody-at-all",
    "admin-servers-stop-many": "services/labyard/admin/servers/stop-many?search=nobody-at-all",
    "admin-servers-for": "services/labyard/admin/servers/new",
    "admin-servers-new": "services/labyard/admin/servers/new?user=admin",
    "admin-servers-log": "services/labyard/admin/servers/log?user=admin",
    "admin-activity": "services/labyard/admin/activity",
    "admin-audit": "services/labyard/admin/audit",
    "admin-audit-wrong": "services/labyard/admin/audit?since=yesterday",
    "admin-audit-none": "services/labyard/admin/audit?actor=nobody-at-all",
    "admin-settings": "services/labyard/admin/settings",
    "admin-settings-found": "services/labyard/admin/settings?search=labs.mem&changed=yes",
    "admin-users": "services/labyard/admin/users",
    "admin-users-none": "services/labyard/admin/users?search=nobody-like-that",
    "admin-users-add": "services/labyard/admin/add-users",
    "admin-groups": "services/labyard/admin/groups",
    "admin-group-root": "services/labyard/admin/groups/docker-privileged",
}
# JupyterHub's own, whose scripts draw most of them -> path, what must be there, what is pressed first.
UPSTREAM = {
    "hub-token": ("hub/token", "#oauth-tokens-table", ""),
    "hub-admin": ("hub/admin", "#react-admin-hook table", "[data-testid$=collapse-button]"),
    "hub-admin-groups": ("hub/admin#/groups", "#react-admin-hook button", ""),
    "hub-admin-new-group": ("hub/admin#/create-group", "#react-admin-hook input", ""),
    "hub-admin-new-users": ("hub/admin#/add-users", "#react-admin-hook textarea", ""),
    "hub-admin-user": ("hub/admin", "#react-admin-hook table", "text=Edit User"),
}

Looks = Callable[[Seat, str, str], Page]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_page_for_everybody(looks: Looks, stranger: Seat, name: str) -> None:
    looks(stranger, PUBLIC[name], name)


@pytest.mark.parametrize("name", MEMBER)
def test_a_page_for_people(looks: Looks, seat: Callable[..., Seat], name: str) -> None:
    looks(seat("looker"), MEMBER[name], name)


@pytest.mark.parametrize("name", ADMIN)
def test_a_page_for_administrators(looks: Looks, admin_seat: Seat, name: str) -> None:
    looks(admin_seat, ADMIN[name], name)


@pytest.mark.parametrize("name", UPSTREAM)
def test_a_page_of_jupyterhubs_own(admin_seat: Seat, artefacts: Path, name: str) -> None:
    path, there, pressed = UPSTREAM[name]
    page = admin_seat.open(path)
    expect(page.locator(there).first).to_be_visible()
    if pressed:
        page.locator(pressed).first.click()
    look(page, artefacts, name)
    assert admin_seat.problems == []
