"""What people and administrators do, as the audit has it: these rows and no others, and no secret."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard

WRONG, NEW = "a wrong pass phrase", "another long pass phrase"
ADDRESS = "127.0.0.2"
LIE = "203.0.113.66"


class From(HTTPAdapter):
    """Sends from an address that is neither the edge's nor the service's."""

    def init_poolmanager(self, *sizes: Any, **options: Any) -> None:
        super().init_poolmanager(*sizes, **options, source_address=(ADDRESS, 0))


def elsewhere(person: Person) -> Person:
    """Have a person ask from :data:`ADDRESS`, and say that it is another."""
    person.http.mount("http://", From())
    person.http.headers["X-Forwarded-For"] = LIE
    return person


class Trail:
    """The rows of an installation's audit that were added since it was opened, read off its database."""

    def __init__(self, yard: Yard) -> None:
        self._path = yard.data / "labyard.sqlite"
        self._from = 0
        self._from = max((row["id"] for row in self.rows()), default=0)

    def rows(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self._path)) as database:
            database.row_factory = sqlite3.Row
            query = "select * from labyard_audit where id > ? order by id"
            return [dict(row) for row in database.execute(query, (self._from,))]

    def told(self) -> list[tuple[str, str, str, str]]:
        """Return actor, action, target and outcome of what concerns this file's people."""
        return [
            (row["actor"] or row["actor_kind"], row["action"], row["target"], row["outcome"])
            for row in self.rows()
            if "audit" in row["actor"] + row["target"] + row["details"]
        ]

    def details(self, action: str) -> dict[str, Any]:
        """Return those of the last such act."""
        found = [row for row in self.rows() if row["action"] == action]
        return dict(json.loads(found[-1]["details"]))


def same(trail: Trail, wanted: list[tuple[str, str, str, str]]) -> None:
    """See that exactly these rows come, in this order; they are written a moment after the answer."""
    eventually(lambda: len(trail.told()) >= len(wanted), 60, f"{len(wanted)} rows: {trail.told()}")
    assert trail.told() == wanted


@pytest.fixture
def trail(yard: Yard) -> Trail:
    return Trail(yard)


@pytest.fixture(scope="module")
def anna(yard: Yard, admin: Person) -> Iterator[Person]:
    anna = elsewhere(yard.member("auditanna"))
    yield anna
    if anna.model():
        anna.halt()


def test_an_account_from_sign_up_to_its_end(yard: Yard, admin: Person, trail: Trail) -> None:
    ben = elsewhere(yard.person("auditben"))
    ben.sign_up(PASSWORD)
    ben.sign_in(PASSWORD)
    account = "labyard/accounts/auditben"
    assert admin.api("POST", f"{account}/approve").status_code == 200
    ben.sign_in(WRONG)
    ben.sign_in(PASSWORD)
    token = ben.token
    ben.submit("hub/password", {"current": WRONG, "password": NEW, "confirm": NEW})
    ben.submit("hub/password", {"current": PASSWORD, "password": NEW, "confirm": NEW})
    ben.get("hub/logout", headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"})
    code = admin.api("POST", f"{account}/password").json()["code"]
    given = {"username": "auditben", "code": "not-the-code", "password": NEW, "confirm": NEW}
    ben.submit("hub/invitation", given)
    ben.submit("hub/invitation", {**given, "code": code})
    admin.api("POST", f"{account}/admin", json={"admin": True})
    admin.api("PATCH", "users/auditben", json={"admin": False})
    admin.api("POST", f"{account}/withdraw")
    admin.api("POST", f"{account}/restore")
    admin.api("PATCH", "users/auditben", json={"name": "auditbenno"})
    admin.api("DELETE", "labyard/accounts/auditbenno")
    ben, done, refused = "auditben", "done", "refused"
    same(
        trail,
        [
            ("nobody", "sign-up", ben, done),
            ("nobody", "sign-in", ben, refused),
            ("admin", "account.approve", ben, done),
            ("nobody", "sign-in", ben, refused),
            (ben, "sign-in", ben, done),
            (ben, "token.add", ben, done),
            (ben, "password.change", ben, refused),
            (ben, "password.change", ben, done),
            (ben, "sign-out", ben, done),
            ("admin", "code.make", ben, done),
            ("nobody", "password.set", ben, refused),
            (ben, "password.set", ben, done),
            (ben, "sign-in", ben, done),
            ("admin", "admin.give", ben, done),
            ("admin", "admin.take", ben, done),
            ("admin", "account.withdraw", ben, done),
            ("admin", "account.restore", ben, done),
            ("admin", "account.rename", ben, done),
            ("admin", "account.remove", "auditbenno", done),
        ],
    )
    theirs = {row["address"] for row in trail.rows() if row["actor"] != "admin"}
    assert theirs == {ADDRESS}
    assert trail.details("account.rename") == {"to": "auditbenno"}
    whole = str(trail.rows())
    for secret in (PASSWORD, WRONG, NEW, token, code, "not-the-code"):
        assert secret not in whole


def test_groups_and_policies(yard: Yard, admin: Person, anna: Person, trail: Trail) -> None:
    group, policy = "groups/auditors", "labyard/policies/auditors"
    admin.api("POST", group)
    admin.api("POST", f"{group}/users", json={"users": ["auditanna"]})
    secret = {"cpu": 1, "environment": {"MLFLOW_KEY": "hidden-value"}}
    assert admin.api("PUT", policy, json=secret).status_code == 200
    assert admin.api("PUT", policy, json={"cpu": 2, "servers": 1}).status_code == 200
    assert anna.api("PUT", policy, json={"cpu": 64}).status_code == 403
    admin.api("DELETE", policy)
    admin.api("DELETE", f"{group}/users", json={"users": ["auditanna"]})
    admin.api("DELETE", group)
    done = "done"
    same(
        trail,
        [
            ("admin", "group.add", "auditors", done),
            ("admin", "group.join", "auditors", done),
            ("admin", "policy.set", "auditors", done),
            ("admin", "policy.set", "auditors", done),
            ("auditanna", "policy.set", "auditors", "refused"),
            ("admin", "policy.remove", "auditors", done),
            ("admin", "group.leave", "auditors", done),
            ("admin", "group.remove", "auditors", done),
        ],
    )
    changed = [json.loads(row["details"]) for row in trail.rows() if row["action"] == "policy.set"]
    first = {"cpu": 1.0, "environment": ["MLFLOW_KEY"]}
    assert changed[0] == {"before": None, "after": first}
    assert changed[1] == {"before": first, "after": {"cpu": 2.0, "servers": 1}}
    assert trail.details("policy.remove") == {"before": {"cpu": 2.0, "servers": 1}}
    assert trail.details("group.join") == {"users": ["auditanna"]}
    assert "hidden-value" not in str(trail.rows())


def test_a_lab_and_its_volumes(yard: Yard, anna: Person, trail: Trail) -> None:
    service, who, server = "services/labyard/", "auditanna", "auditanna/"
    anna.get(service)
    anna.start(user_options={"image": "nobody/offers:this"})
    anna.submit_at(service, "server/start", {"server": ""})
    eventually(anna.ready, 120, "the server is ready")
    anna.submit_at(service, "server/restart", {"server": ""})
    anna.submit_at(service, "volumes/reset", {"volume": "cache", "confirm": "cache"})
    anna.submit_at(service, "server/stop", {"server": ""})
    anna.submit_at(service, "volumes/reset", {"volume": "cache", "confirm": "cache"})
    done, refused = "done", "refused"
    same(
        trail,
        [
            (who, "server.start", server, refused),
            (who, "server.start", server, done),
            (who, "server.restart", server, done),
            (who, "volume.reset", "auditanna/cache", refused),
            (who, "server.stop", server, done),
            (who, "volume.reset", "auditanna/cache", done),
        ],
    )
    assert {row["address"] for row in trail.rows() if row["actor"] == who} == {ADDRESS}
    why = [json.loads(row["details"]).get("reason") for row in trail.rows()]
    assert why[0] == "refused"
    assert why[3] == "busy"


def test_names_are_kept_as_they_came(yard: Yard, trail: Trail) -> None:
    name = "audit<script>\u202e"
    yard.person(name).sign_in(WRONG)
    same(trail, [("nobody", "sign-in", name, "refused")])
    assert trail.details("sign-in") == {"way": "password", "reason": "credentials"}


def test_it_is_read_by_page_rest_and_command_line_by_those_who_may(
    yard: Yard, admin: Person, anna: Person
) -> None:
    page, rest = "services/labyard/admin/audit", "services/labyard/api/audit"
    anna.get("services/labyard/")
    admin.get("services/labyard/")
    seen = admin.get(page, params={"actor": "auditanna", "action": "policy.set"})
    assert seen.status_code == 200
    assert "What a group grants is set." in seen.text
    assert seen.text.count("<tr>") == 2
    assert anna.get(page).status_code == 403
    fetched = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}  # by a lab's page
    for taken in (f"{page}.jsonl", "services/labyard/admin/policies.yaml"):
        assert admin.get(taken).status_code == 200
        assert admin.get(taken, headers=fetched).status_code == 403
    assert anna.get(rest).status_code == 403
    assert admin.get(page, params={"since": "yesterday"}).status_code == 400

    sent = {"Authorization": f"token {admin.token}"}
    lines = requests.get(yard.address + rest, headers=sent, timeout=60).text.splitlines()
    places = [(entry["at"], entry["id"]) for entry in map(json.loads, lines)]
    assert places == sorted(places, reverse=True)
    first = json.loads(lines[0])
    following = requests.get(
        yard.address + rest,
        params={"before": f"{first['at']},{first['id']}", "limit": 2},
        headers=sent,
        timeout=60,
    )
    assert following.text.splitlines() == lines[1:3]
    said = yard.labyard("audit", "export", "--actor", "auditanna", "--action", "policy.set")
    (line,) = said.stdout.splitlines()
    assert json.loads(line)["outcome"] == "refused"
    told = yard.labyard("audit", "list", "--actor", "auditanna", "--action", "policy.set").stdout
    assert "policy.set" in told
    assert "auditors" in told
