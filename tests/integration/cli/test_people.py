"""``users``, ``servers`` and ``volumes`` against a real hub with more people than fit on a page."""

import json

import pytest

from tests.tools.person import eventually
from tests.tools.yard import PASSWORD, Yard

CROWD = [f"crowd{n:03}" for n in range(230)]


@pytest.fixture(scope="module")
def crowd(yard: Yard, admin) -> list[str]:
    assert admin.api("POST", "users", json={"usernames": CROWD}).status_code == 201
    return CROWD


def listed(yard: Yard, *what: str) -> list[dict]:
    return json.loads(yard.labyard(*what, "list", "--json").stdout)


def test_everybody_is_listed_whatever_the_pages(yard, crowd):
    names = [row["name"] for row in listed(yard, "users")]
    assert set(crowd) <= set(names)
    assert names == sorted(names)
    yard.labyard("users", "remove", "--yes", *crowd[:30])
    assert not set(crowd[:30]) & {row["name"] for row in listed(yard, "users")}


def test_a_request_is_seen_and_approved(yard, admin):
    person = yard.person("asker")
    person.sign_up(PASSWORD)
    states = {row["name"]: row["state"] for row in listed(yard, "users")}
    assert states["asker"] == "pending"
    yard.labyard("users", "approve", "asker")
    person.sign_in(PASSWORD)
    assert person.signed_in


def test_an_added_person_sets_the_password_with_the_code(yard, admin):
    told = json.loads(yard.labyard("users", "add", "newcomer", "--json").stdout)
    code = told[0]["code"]
    person = yard.person("newcomer")
    fields = {"username": "newcomer", "code": code, "password": PASSWORD, "confirm": PASSWORD}
    person.submit("hub/invitation", fields)
    again = yard.person("newcomer")
    again.sign_in(PASSWORD)
    assert again.signed_in
    yard.labyard("users", "password", "newcomer")
    eventually(lambda: not again.signed_in, 15, "they are signed out everywhere")


def test_admin_rights_come_and_go(yard, admin):
    yard.labyard("users", "add", "helper")
    yard.labyard("users", "admin", "helper")
    assert {r["name"]: r["admin"] for r in listed(yard, "users")}["helper"] is True
    yard.labyard("users", "admin", "--revoke", "helper")
    assert {r["name"]: r["admin"] for r in listed(yard, "users")}["helper"] is False


def test_an_unknown_name_does_nothing_and_names_the_nearest(yard, admin):
    yard.labyard("users", "add", "tilda")
    done = yard.labyard("users", "remove", "--yes", "tilda", "tillda", check=False)
    assert done.returncode == 1
    assert "There is no user named 'tillda'." in done.stderr
    assert "Did you mean tilda?" in done.stderr
    assert "tilda" in {row["name"] for row in listed(yard, "users")}


def test_stop_student1_never_touches_student10(yard, admin):
    first, tenth = yard.member("student1"), yard.member("student10")
    assert yard.labyard("servers", "start", "student1", "student10").returncode == 0
    running = {row["name"]: row["state"] for row in listed(yard, "servers")}
    assert running["student1"] == running["student10"] == "running"
    assert yard.labyard("servers", "stop", "student", check=False).returncode == 1
    yard.labyard("servers", "stop", "student1")
    assert not first.ready()
    assert tenth.ready()
    yard.labyard("servers", "restart", "student10")
    assert yard.labyard("servers", "logs", "student10", "-n", "50").stdout.strip()
    yard.labyard("servers", "stop", "student10")


def test_chosen_volumes_are_emptied_while_stopped_only(yard, admin):
    person = yard.member("keeper")
    person.run()
    refused = yard.labyard("volumes", "reset", "keeper", "cache", "--yes", check=False)
    assert refused.returncode == 1
    person.halt()
    yard.labyard("volumes", "reset", "keeper", "cache", "--yes")
    kept = {row["name"] for row in listed(yard, "volumes") if row["user"] == "keeper"}
    assert "home" in kept
    assert "cache" not in kept
    assert yard.labyard("volumes", "reset", "keeper", "nonsense", check=False).returncode == 1
