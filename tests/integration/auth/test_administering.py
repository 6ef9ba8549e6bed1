"""What administrators, and those who manage a group's people, do over REST, through a real hub."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from .conftest import PASSWORD, Hub, eventually, lab, start_lab

_numbers = count()


@pytest.fixture
def name() -> str:
    return f"kin{next(_numbers)}"


def test_many_are_added_at_once_each_with_a_code_or_nobody_is(hub: Hub, name: str) -> None:
    wrong = hub.api("POST", "labyard/invitations", {"names": [name, "", "hub", name, "admin"]})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "bad-lines")
    assert [line["line"] for line in wrong.json()["lines"]] == [3, 4, 5]
    assert hub.api("GET", f"labyard/accounts/{name}").status_code == 404, "nobody was added"
    hub.api("POST", f"groups/{name}-course")
    lines = [f"{name}-{n}  # physics" for n in range(40)]
    body = {"names": lines, "groups": [f"{name}-course"]}
    made = hub.api("POST", "labyard/invitations", body)
    assert made.status_code == 201, made.text
    codes = {each["name"]: each["code"] for each in made.json()["accounts"]}
    assert len(set(codes.values())) == len(codes) == 40
    assert len(hub.api("GET", f"groups/{name}-course").json()["users"]) == 40
    person, who = hub.browser(), f"{name}-7"
    fields = {"username": who, "code": codes[who], "password": PASSWORD, "confirm": PASSWORD}
    assert person.submit("invitation", **fields).status_code == 303
    assert person.signed_in
    assert not any(code in hub.log for code in codes.values())
    nowhere = {"names": [f"{name}-late"], "groups": ["nowhere"]}
    assert hub.api("POST", "labyard/invitations", nowhere).status_code == 404
    assert hub.api("GET", f"labyard/accounts/{name}-late").status_code == 404


def test_a_rename_keeps_the_account_and_waits_for_its_servers(hub: Hub, name: str) -> None:
    person = hub.person(name)
    start_lab(hub, name)

    def rename(new: str) -> int:
        path = f"labyard/accounts/{name}/rename"
        return hub.api("POST", path, {"name": new}).status_code

    assert rename(f"{name}-new") == 409, "it runs"
    hub.api("DELETE", f"users/{name}/server")
    eventually(lambda: not lab(hub, name).get("ready"))
    assert [rename(new) for new in ("hub", "a b", "admin", name)] == [400, 400, 409, 409]
    hub.browser().sign_up(f"{name}-asks")
    assert rename(f"{name}-asks") == 409, "somebody asks for that name"
    assert rename(f"{name.upper()}-new") == 200
    assert person.signed_in
    assert hub.browser().sign_in(f"{name}-new").status_code == 302


def test_who_manages_a_groups_people_reaches_nobody_else(hub: Hub, name: str) -> None:
    member, boss = f"{name}-in", f"{name}-boss"
    for who in (member, boss):
        hub.person(who)
    hub.api("POST", f"groups/{name}")
    hub.api("POST", f"groups/{name}/users", {"users": [member]})
    scopes = [f"admin:users!group={name}", f"groups!group={name}"]
    made = hub.api("POST", "users/admin/tokens", {"scopes": scopes})
    token = made.json()["token"]
    seen = hub.api("GET", "labyard/accounts", token=token).json()
    assert [each["name"] for each in seen["accounts"]] == [member]
    assert (seen["total"], seen["counts"]["approved"], seen["counts"]["admin"]) == (1, 1, 0)
    for path, body, status in (
        (f"accounts/{member}/password", {}, 200),
        (f"accounts/{boss}/password", {}, 404),
        (f"accounts/{member}/admin", {}, 403),
        ("accounts", {"name": "more"}, 403),
        ("invitations", {"names": ["more"]}, 403),
    ):
        answer = hub.api("POST", f"labyard/{path}", body, token=token)
        assert answer.status_code == status, (path, answer.text)
    hub.api("POST", f"labyard/accounts/{boss}/admin")
    root = f"{name}-root"
    hub.person(root)
    hub.api("POST", "groups/docker-privileged")
    hub.api("POST", "groups/docker-privileged/users", {"users": [root]})
    for powerful in (boss, root):
        into = {"users": [powerful.upper()]}
        assert hub.api("POST", f"groups/{name}/users", into, token=token).status_code == 403
        assert hub.api("POST", f"groups/{name}/users", into).status_code == 200
        for path, sent in (
            ("password", {}),
            ("rename", {"name": "more"}),
            ("withdraw", {}),
            ("identities", {"way": "x", "subject": "x"}),
        ):
            answer = hub.api("POST", f"labyard/accounts/{powerful}/{path}", sent, token=token)
            assert answer.status_code == 403, (path, answer.text)
    hub.api("DELETE", f"groups/{name}")
    scopes.append(f"admin:groups!group={name}")
    made = hub.api("POST", "users/admin/tokens", {"scopes": scopes})
    into = {"users": [boss]}
    answer = hub.api("POST", f"groups/{name}", into, token=made.json()["token"])
    assert answer.status_code == 403, answer.text
    hub.api("DELETE", f"labyard/accounts/{boss}")


def test_somebody_who_goes_while_many_are_added_hinders_nobody(hub: Hub, name: str) -> None:
    hub.api("POST", f"groups/{name}")
    names = [f"{name}-{n}" for n in range(60)]
    with ThreadPoolExecutor(1) as threads:
        body = {"names": names, "groups": [name]}
        adding = threads.submit(hub.api, "POST", "labyard/invitations", body)
        eventually(lambda: hub.api("DELETE", f"labyard/accounts/{names[0]}").status_code == 204)
    made = adding.result()
    assert made.status_code == 201, made.text
    left = hub.api("GET", f"groups/{name}").json()["users"]
    assert set(names[1:]) <= set(left)


@pytest.mark.parametrize("way", ["labyard", "hub"])
def test_a_token_for_one_person_has_no_hold_on_administrators(
    hub: Hub, name: str, way: str
) -> None:
    boss = f"{name}-boss"
    for who in (name, boss):
        hub.person(who)
    hub.api("POST", f"labyard/accounts/{boss}/admin")
    scopes = [f"admin:users!user={who}" for who in (name, boss, f"{name}-more")]
    token = hub.api("POST", "users/admin/tokens", {"scopes": scopes}).json()["token"]
    asked: list[tuple[str, str, dict[str, Any] | None]] = {
        "labyard": [
            ("POST", f"labyard/accounts/{name}/admin", {"admin": True}),
            ("POST", f"labyard/accounts/{boss}/rename", {"name": "more"}),
            ("DELETE", f"labyard/accounts/{boss}", None),
        ],
        "hub": [
            ("PATCH", f"users/{name}", {"admin": True}),
            ("PATCH", f"users/{name}", {"admin": True, "name": f"{name}-more"}),
            ("PATCH", f"users/{boss}", {"name": "more"}),
            ("PATCH", f"users/{boss}", {"auth_state": {}}),
            ("POST", f"users/{name}-more", {"admin": True}),
            ("POST", "users", {"usernames": [f"{name}-more"], "admin": True}),
            ("DELETE", f"users/{boss}", None),
        ],
    }[way]
    for method, path, body in asked:
        answer = hub.api(method, path, body, token=token)
        assert answer.status_code == 403, (method, path, body, answer.text)
    assert hub.api("GET", f"labyard/accounts/{name}").json()["admin"] is False
    assert hub.api("GET", f"labyard/accounts/{name}-more").status_code == 404
    both = hub.api("PATCH", f"users/{boss}", {"admin": False, "name": "hub"})
    assert both.status_code == 400
    assert hub.api("GET", f"labyard/accounts/{boss}").json()["admin"] is True, "both or neither"
    both = hub.api("PATCH", f"users/{boss}", {"admin": False, "name": f"{name}-more"})
    assert (both.status_code, both.json()["admin"], both.json()["name"]) == (
        200,
        False,
        f"{name}-more",
    )


def test_people_are_found_by_name_state_and_group(hub: Hub, name: str) -> None:
    hub.person(f"{name}-b")
    start_lab(hub, f"{name}-b")
    hub.browser().sign_up(f"{name}-a")
    hub.api("POST", f"groups/{name}-team")
    hub.api("POST", f"groups/{name}-team/users", {"users": [f"{name}-b"]})

    def found(**query: str) -> list[str]:
        query = {"search": f"{name.upper()}-", **query}
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        return [a["name"] for a in hub.api("GET", f"labyard/accounts?{asked}").json()["accounts"]]

    assert found() == [f"{name}-a", f"{name}-b"], "who waits comes first"
    assert found(state="approved") == found(group=f"{name}-team") == [f"{name}-b"]
    assert found(state="admin") == []
    assert found(limit="1", offset="1") == [f"{name}-b"]
    (row,) = hub.api("GET", f"labyard/accounts?search={name}-b").json()["accounts"]
    assert (row["groups"], row["running"]) == ([f"{name}-team"], 1)
    assert row["last_activity"]
    assert hub.api("GET", "labyard/accounts?state=gone").status_code == 400
    assert hub.api("GET", "labyard/accounts?offset=-1").status_code == 400
