"""What administrators do with everybody's servers, and that nobody else does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

ADMIN = "services/labyard/admin/"
API = "services/labyard/api/"
PAGES = ("servers", "activity", "settings")


def ask(person: Person, method: str, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"token {person.token}"}
    return requests.request(method, person.url + path, headers=headers, timeout=120, **options)


def press(admin: Person, action: str, **fields: str) -> str:
    """Press a button of the list of servers; return what the page says then."""
    answer = admin.submit_at(f"{ADMIN}servers", f"/{action}?search=adm-", fields)
    assert answer.status_code == 200
    assert answer.url.endswith("?search=adm-")
    said = re.search(r'<div class="ly-card ly-said.*?</div>', answer.text, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said[0])).strip() if said else ""


@pytest.fixture(scope="module")
def anna(yard: Yard) -> Person:
    return yard.member("adm-anna")


@pytest.fixture
def train(admin: Person, anna: Person) -> Iterator[str]:
    """A server that an administrator made for somebody, with that person's limits."""
    form = admin.get(f"{ADMIN}servers/new?user=adm-anna")
    assert "New server for" in form.text
    page = f"{ADMIN}servers/new"
    made = admin.submit_at(
        f"{page}?user=adm-anna", "", {"user": "adm-anna", "server": "train", "days": "3"}
    )
    assert "adm-anna/train is starting" in made.text, made.text
    eventually(lambda: anna.ready("train"), 60, "the server runs")
    yield "train"
    ask(admin, "DELETE", f"{API}users/adm-anna/servers/train")


@pytest.mark.timeout(240)
def test_a_server_of_somebody_else_is_made_found_dated_restarted_and_stopped(
    admin: Person, anna: Person, train: str
) -> None:
    its = {"user": "adm-anna", "server": train}
    (row,) = ask(admin, "GET", "hub/api/labyard/servers?search=adm-anna&state=running").json()[
        "servers"
    ]
    assert (row["user"], row["name"], row["ready"]) == ("adm-anna", "train", True)
    listed = admin.get(f"{ADMIN}servers?search=ADM-ANNA&state=running").text
    assert "Info on adm-anna/train" in listed
    assert "3 days left" in listed
    assert "No server fits" in admin.get(f"{ADMIN}servers?search=adm-nobody").text

    assert "8 days left" in press(admin, "days", days="8", **its)
    assert "ends in" in press(admin, "days", days="1", **its)
    assert "no whole number" in press(admin, "days", days="0x9", **its)
    assert "was restarted" in press(admin, "restart", **its)
    assert "Log of" in admin.get(f"{ADMIN}servers/log?user=adm-anna&server=train").text
    # Opening is the hub's: it asks once whether to go into somebody else's lab.
    opened = admin.get("user/adm-anna/train/lab")
    assert (opened.status_code, "oauth2/authorize" in opened.url) == (200, True)

    asked = admin.get(f"{ADMIN}servers/stop-many?search=adm-").text
    assert 'value="adm-anna/train" checked' in asked
    wanted = {"servers": ["adm-anna/train", "adm-nobody", "adm-anna"]}
    done = ask(admin, "POST", f"{API}stop", json=wanted).json()["servers"]
    assert [(each["user"], each["ok"]) for each in done] == [
        ("adm-anna", True),
        ("adm-nobody", False),
        ("adm-anna", True),
    ]
    assert not anna.ready("train")
    assert "adm-anna/train was deleted" in press(admin, "delete", **its)
    assert anna.model("train") is None


@pytest.mark.timeout(120)
def test_what_cannot_be_is_said_above_the_list(admin: Person, anna: Person) -> None:
    assert "is not running" in press(admin, "restart", user="adm-anna", server="")
    assert "no user called" in press(admin, "stop", user="adm-nobody", server="")
    assert "not starting" in press(admin, "cancel", user="adm-anna", server="")
    nowhere = admin.get(f"{ADMIN}servers/new?user=adm-nobody")
    assert (nowhere.status_code, "no user called" in nowhere.text) == (404, True)
    wrong = {"user": "adm-anna", "server": "train", "memory": "9999G"}
    refused = admin.submit_at(f"{ADMIN}servers/new?user=adm-anna", "", wrong)
    assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (400, True)
    assert anna.model("train") is None


def test_activity_and_settings_are_told_by_rest_and_no_secret_is(admin: Person, yard: Yard) -> None:
    activity = ask(admin, "GET", f"{API}activity").json()
    assert {"running", "cpu", "cores", "memory", "users"} <= set(activity)
    settings = ask(admin, "GET", f"{API}settings").json()["settings"]
    port = settings["edge.port"]
    assert (port["value"], port["changed"]) == (yard.settings["edge"]["port"], True)
    assert port["source"].startswith("labyard.yaml:")
    shown = json.loads(yard.labyard("config", "show", "--json").stdout)
    assert shown["edge.port"] == {"value": port["value"], "source": port["source"]}
    found = admin.get(f"{ADMIN}settings?search=edge.port").text
    assert f"{port['value']}</code>" in found


@pytest.mark.parametrize("path", [*PAGES, "servers/stop-many", "servers/new?user=admin", ""])
def test_a_page_is_not_for_plain_people(anna: Person, path: str) -> None:
    refused = anna.get(ADMIN + path)
    assert refused.status_code == 403
    assert "Administration</a>" not in refused.text


@pytest.mark.parametrize("action", ["start", "stop", "restart", "cancel", "delete", "days"])
def test_a_button_is_not_for_plain_people(anna: Person, admin: Person, action: str) -> None:
    page = "services/labyard/"
    fields = {"user": "admin", "server": "", "days": "1"}
    assert anna.submit_at(page, f"admin/servers/{action}", fields).status_code == 403
    assert anna.submit_at(page, "admin/servers/stop-many", fields).status_code == 403


def test_rest_is_not_for_plain_people(anna: Person, admin: Person) -> None:
    for path in ("activity", "settings"):
        assert ask(anna, "GET", API + path).status_code == 403
    for servers in (["admin"], ["adm-anna", "admin"]):
        refused = ask(anna, "POST", f"{API}stop", json={"servers": servers})
        assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
    listed = ask(anna, "GET", "hub/api/labyard/servers").json()
    assert {row["user"] for row in listed["servers"]} == {"adm-anna"}
    assert listed["total"] == len(listed["servers"])


@pytest.mark.parametrize("body", [{}, {"servers": []}, {"servers": [1]}, {"servers": "admin"}])
def test_a_list_of_servers_that_is_none_is_refused(admin: Person, body: Any) -> None:
    refused = ask(admin, "POST", f"{API}stop", json=body)
    assert (refused.status_code, "servers" in refused.json()["message"]) == (400, True)


@pytest.mark.parametrize("query", ["state=gone", "order=size", "limit=x", "offset=-1"])
def test_the_hub_refuses_a_list_that_cannot_be(admin: Person, query: str) -> None:
    assert ask(admin, "GET", f"hub/api/labyard/servers?{query}").status_code == 400


@pytest.mark.timeout(120)
def test_who_becomes_an_administrator_need_not_sign_in_again(yard: Yard, admin: Person) -> None:
    person = yard.member("adm-risen")
    assert person.get(f"{ADMIN}servers").status_code == 403
    yard.labyard("users", "admin", "adm-risen")
    eventually(
        lambda: person.get(f"{ADMIN}servers").status_code == 200, 60, "the page is there for them"
    )
    yard.labyard("users", "admin", "--revoke", "adm-risen")
    eventually(lambda: person.get(f"{ADMIN}servers").status_code == 403, 60, "and is there no more")
