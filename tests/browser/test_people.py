"""People and groups, as an administrator meets them: by keyboard, from a request to *why?*."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.browser.conftest import Seat
from tests.browser.looks import look
from tests.tools.yard import PASSWORD, Yard

ADMIN = "services/labyard/admin"
GROUP = "people-physics"


@pytest.fixture
def place(yard: Yard) -> Iterator[Yard]:
    """The installation of the session, from which this file's people and groups go again."""
    yield yard
    hub = yard._client()
    for account in hub.hub("GET", "labyard", "accounts", search="people-")["accounts"]:
        hub.hub("DELETE", "labyard", "accounts", account["name"])
    for policy in hub.hub("GET", "labyard", "policies")["groups"]:
        if policy["name"].startswith("people-"):
            hub.hub("DELETE", "labyard", "policies", policy["name"])
    for group in hub.pages("groups"):
        if group["name"].startswith("people-"):
            hub.hub("DELETE", "groups", group["name"])


def press(page: Page, name: str, role: str = "button") -> None:
    """Press what has this name, by keyboard."""
    page.get_by_role(role, name=name, exact=True).press("Enter")  # type: ignore[arg-type]


def said(page: Page, words: str) -> None:
    expect(page.locator(".ly-said").first).to_contain_text(words)


def test_requests_are_decided_one_by_one_and_many_at_once(
    place: Yard, admin_seat: Seat, artefacts: Path
) -> None:
    for name in ("people-a", "people-b", "people-c"):
        place.person(name).sign_up(PASSWORD)
    page = admin_seat.home()
    press(page, "Administration", "link")
    expect(page.locator("h1")).to_have_text("Users")
    page.get_by_label("Part of a username").fill("PEOPLE-")
    page.get_by_label("Part of a username").press("Enter")
    look(page, artefacts, "admin-users-requests")
    press(page, "Decline people-c")
    said(page, "people-c was declined")
    assert "search=PEOPLE-" in page.url, "it comes back to where it was"
    page.get_by_label("Choose all requests on this page").press("Space")
    press(page, "Approve those chosen")
    said(page, "2 approved")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody")).not_to_contain_text("Waiting")
    assert admin_seat.problems == []


def test_many_are_added_and_their_codes_are_shown_once(
    place: Yard, admin_seat: Seat, artefacts: Path
) -> None:
    page = admin_seat.open(f"{ADMIN}/add-users")
    page.get_by_label("Usernames").fill("people-x\nhub\n# nobody\npeople-x\n")
    press(page, "Add them")
    expect(page.locator("main")).to_contain_text("line 2")
    expect(page.locator("main")).to_contain_text("people-x is in line 1 already")
    look(page, artefacts, "admin-users-bad-lines")
    page.get_by_label("Usernames").fill("people-x\npeople-y")
    press(page, "Add them")
    expect(page.locator("#made")).to_be_focused()
    look(page, artefacts, "admin-users-added")
    file = page.get_by_role("link", name="Download as codes.csv")
    content = base64.b64decode(str(file.get_attribute("href")).partition("base64,")[2]).decode()
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(content))}
    assert set(rows) == {"people-x", "people-y"}
    with page.expect_download() as downloaded:
        file.press("Enter")
    assert downloaded.value.suggested_filename == "codes.csv"
    admin_seat.open(f"{ADMIN}/add-users")
    assert rows["people-x"]["code"] not in page.content()
    person = place.person("people-x")
    fields = {"code": rows["people-x"]["code"], "password": PASSWORD, "confirm": PASSWORD}
    person.submit("hub/invitation", {"username": "people-x", **fields})
    assert person.signed_in


def test_a_group_its_policy_and_why(
    place: Yard, admin_seat: Seat, seat: Callable[..., Seat], artefacts: Path
) -> None:
    place.member("people-anna")
    page = admin_seat.open(f"{ADMIN}/groups")
    page.get_by_label("Name", exact=True).fill(GROUP)
    page.get_by_label("Name", exact=True).press("Enter")
    said(page, f"{GROUP} was made")
    page.get_by_label("Usernames to put in").fill("people-anna")
    page.get_by_label("Usernames to put in").press("Enter")
    said(page, f"people-anna is in {GROUP}")
    page.get_by_label("CPU cores").fill("lots")
    page.get_by_label("Memory", exact=True).fill("2G")
    page.get_by_label("Environment").fill("COURSE=physics")
    press(page, "Save")
    expect(page.locator("#cpu-wrong")).to_contain_text("0.01")
    expect(page.get_by_label("Environment")).to_have_value("COURSE=physics")
    look(page, artefacts, "admin-group-wrong")
    page.get_by_label("CPU cores").fill("1.5")
    press(page, "Save")
    said(page, "was saved")
    look(page, artefacts, "admin-group")

    admin_seat.open(f"{ADMIN}/users/people-anna")
    look(page, artefacts, "admin-user")
    press(page, "What people-anna may have, and why", "link")
    row = page.locator("[data-grant=cpu]")
    expect(row).to_contain_text("1.5 cores")
    expect(row).to_contain_text(GROUP)
    look(page, artefacts, "admin-why")
    told = place.labyard("policy", "check", "people-anna").stdout
    assert f"1.5 cores  {GROUP}" in " ".join(told.split()).replace(" people", "  people")

    with page.expect_download() as downloaded:
        admin_seat.open(f"{ADMIN}/groups")
        press(page, "Export policies", "link")
    exported = yaml.safe_load(downloaded.value.path().read_text())
    assert {
        "name": GROUP,
        "cpu": 1.5,
        "memory": 2 * 2**30,
        "environment": {"COURSE": "physics"},
    } in (exported["groups"])
    assert admin_seat.problems == [] or all("400" in each for each in admin_seat.problems)


def test_the_group_that_is_root_says_so_and_cannot_be_deleted(admin_seat: Seat) -> None:
    page = admin_seat.open(f"{ADMIN}/groups/docker-privileged")
    expect(page.locator("#root")).to_contain_text("root on the host")
    expect(page.locator("main")).to_contain_text("Locked")
    expect(page.get_by_label("Docker")).to_be_disabled()
    expect(page.get_by_role("button", name="Delete docker-privileged")).to_have_count(0)


def test_a_person_gets_a_code_a_new_name_and_is_deleted(
    place: Yard, admin_seat: Seat, artefacts: Path
) -> None:
    place.member("people-max")
    page = admin_seat.open(f"{ADMIN}/users/people-max")
    page.locator("summary", has_text="New code").press("Enter")
    press(page, "New code: people-max")
    expect(page.locator("#invitation")).to_contain_text("hub/invitation?name=people-max")
    press(page, "Copy the one-time code")
    expect(page.locator("#one-time-code-copied")).to_have_text("Copied")
    look(page, artefacts, "admin-user-code")
    page.get_by_label("New username").fill("people-moritz")
    page.get_by_label("New username").press("Enter")
    said(page, "people-max is now people-moritz")
    delete = page.get_by_role("button", name="Delete people-moritz")
    expect(delete).to_be_disabled()
    page.get_by_label("Delete them and all files").check()
    page.get_by_label("Type people-moritz").fill("people-moritz")
    delete.press("Enter")
    said(page, "people-moritz was deleted")
    assert admin_seat.problems == []
