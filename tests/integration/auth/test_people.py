"""Accounts from the request to the removal, through a real hub."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import requests

from .conftest import PASSWORD, Browser, Hub, eventually, lab, start_lab

NEW = "another long secret"
_numbers = count()


@pytest.fixture
def name() -> str:
    return f"user{next(_numbers)}"


def do(browser: Browser, name: str, action: str, **headers: str) -> requests.Response:
    """Do something to an account with the rights of whoever sits before a browser."""
    browser.open("home")
    xsrf = next(c.value for c in browser.cookies if c.name == "_xsrf")
    path, body = _ACTIONS.get(action, (f"/{name}/{action}", {}))
    return browser.request(
        "DELETE" if action == "remove" else "POST",
        f"{browser.root}api/labyard/accounts{path.format(name=name)}",
        json={"name": name} if action == "add" else body,
        headers={"X-XSRFToken": xsrf or "", "Sec-Fetch-Mode": "cors", **headers},
    )


_ACTIONS: dict[str, tuple[str, dict[str, bool]]] = {
    "add": ("", {}),
    "remove": ("/{name}", {}),
    "code": ("/{name}/password", {}),
    "admin": ("/{name}/admin", {"admin": True}),
    "no-admin": ("/{name}/admin", {"admin": False}),
}


def same(page: str) -> str:
    """Return a page without what differs each time."""
    return re.sub(r"[\w=-]{60,}", "an XSRF token", page)


# -- in -----------------------------------------------------------------------------------------------


def test_a_request_waits_for_an_administrator(hub: Hub, admin: Browser, name: str) -> None:
    person = hub.browser()
    page = person.sign_up(name)
    assert page.status_code == 200
    assert "Waiting for an administrator" in page.text
    assert person.sign_in(name).status_code == 403
    assert not person.signed_in
    waiting = hub.api("GET", "labyard/accounts?state=pending").json()["accounts"]
    assert name in {each["name"] for each in waiting}
    assert do(admin, name, "approve").status_code == 200
    assert person.sign_in(name).status_code == 302
    assert person.signed_in


def test_a_denied_request_is_gone_and_the_name_free(hub: Hub, admin: Browser, name: str) -> None:
    person = hub.browser()
    person.sign_up(name)
    assert do(admin, name, "deny").status_code == 204
    assert person.sign_in(name).status_code == 403
    person.sign_up(name, NEW)
    do(admin, name, "approve")
    assert person.sign_in(name, NEW).status_code == 302


def test_a_taken_name_answers_like_a_free_one(hub: Hub, name: str) -> None:
    hub.person(name)
    free, taken = hub.browser().sign_up(name + "x"), hub.browser().sign_up(name, NEW)
    assert taken.status_code == free.status_code
    assert same(taken.text.replace(f"<b>{name}<", "")) == same(
        free.text.replace(f"<b>{name}x<", "")
    )
    assert hub.browser().sign_in(name, NEW).status_code == 403
    assert hub.browser().sign_in(name).status_code == 302


def test_refusals_say_the_same_whoever_asks(hub: Hub, name: str) -> None:
    hub.person(name)
    hub.browser().sign_up(name + "-pending")
    hub.api("POST", f"labyard/accounts/{name}/withdraw")

    def refusal(who: str, password: str = PASSWORD) -> tuple[int, str]:
        answer = hub.browser().sign_in(who, password)
        page = answer.text.replace(f'value="{who}"', 'value="*"')
        return answer.status_code, same(page)

    answers = [
        refusal("nobody-of-this-name"),
        refusal(name),
        refusal(name + "-pending"),
        refusal("admin", "wrong"),
    ]
    assert answers[0][0] == 403
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(
    "bad",
    ["hub", "a/b", "../x", "a b", "\u212aim", "x" * 33, "<script>alert(1)</script>", "admin", ""],
)
def test_names_that_cannot_be_asked_for(hub: Hub, bad: str) -> None:
    answer = hub.browser().sign_up(bad)
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text
    assert bad.lower() not in {
        a["name"] for a in hub.api("GET", "labyard/accounts").json()["accounts"]
    } - {"admin"}


def test_upper_case_is_the_same_person(hub: Hub, name: str) -> None:
    person = hub.person(name)
    assert hub.browser().sign_in(name.upper()).status_code == 302
    assert person.signed_in


def test_passwords_that_cannot_be_used(hub: Hub, name: str) -> None:
    for password in ("short", "password1234", "x" * 40, "y" * 300):
        assert hub.browser().sign_up(name, password).status_code == 400
    answer = hub.browser().submit("signup", username=name, password=PASSWORD, confirm=NEW)
    assert answer.status_code == 400
    assert "The two passwords differ." in answer.text


# -- codes --------------------------------------------------------------------------------------------


def test_somebody_added_sets_the_password_with_the_code(
    hub: Hub, admin: Browser, name: str
) -> None:
    code = do(admin, name, "add").json()["code"]
    person = hub.browser()

    def redeem(code: str) -> int:
        return person.submit(
            "invitation", username=name, code=code, password=PASSWORD, confirm=PASSWORD
        ).status_code

    assert person.sign_in(name, code).status_code == 403
    assert redeem("aaaa-aaaa-aaaa-aaaa-aaaa") == 403
    assert redeem(code) == 303
    assert person.signed_in
    assert redeem(code) == 403
    assert hub.browser().sign_in(name).status_code == 302


def test_a_new_code_voids_password_and_sessions(hub: Hub, admin: Browser, name: str) -> None:
    person = hub.person(name)
    assert do(admin, name, "code").json()["code"]
    assert not person.signed_in
    assert person.sign_in(name).status_code == 403


def test_somebody_added_through_the_hub_itself_has_no_password(hub: Hub, name: str) -> None:
    assert hub.api("POST", "users", {"usernames": [name]}).status_code == 201
    assert hub.browser().sign_in(name, "").status_code == 403
    made = hub.api("POST", f"labyard/accounts/{name}/password").json()
    assert made["password"] is False
    assert made["code"]


@pytest.mark.parametrize("bad", ["Upper", "a%20b", "hub", "%E2%84%AAim", "a."])
def test_the_hubs_own_rest_keeps_to_the_rule(hub: Hub, bad: str) -> None:
    assert hub.api("POST", f"users/{bad}").status_code == 400
    assert hub.api("GET", f"users/{bad}").status_code == 404


# -- out ----------------------------------------------------------------------------------------------


def test_a_withdrawn_account_loses_every_session(hub: Hub, admin: Browser, name: str) -> None:
    person, phone = hub.person(name), hub.browser("192.0.2.5")
    phone.sign_in(name)
    token = person_token(hub, person, name)
    assert hub.api("GET", "user", token=token).status_code == 200
    assert do(admin, name, "withdraw").status_code == 200
    assert not person.signed_in
    assert not phone.signed_in
    assert hub.api("GET", "user", token=token).status_code == 403
    assert person.sign_in(name).status_code == 403
    assert do(admin, name, "restore").status_code == 200
    assert person.sign_in(name).status_code == 302
    assert hub.api("GET", "user", token=token).status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_no_page_signs_a_person_out_unasked(hub: Hub, name: str, sent: dict[str, str]) -> None:
    person = hub.person(name)
    assert person.open("logout", headers=sent).status_code == 302
    assert person.signed_in
    page = person.open("logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert (page.status_code, "Sign in again" in page.text) == (200, True)
    assert not person.signed_in


def person_token(hub: Hub, person: Browser, name: str, note: str = "mine") -> str:
    person.open("home")
    xsrf = next(c.value for c in person.cookies if c.name == "_xsrf")
    answer = person.post(
        f"{hub.root}api/users/{name}/tokens",
        json={"note": note},
        headers={"X-XSRFToken": xsrf or "", "Sec-Fetch-Mode": "cors"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def test_changing_the_password_ends_every_other_session(hub: Hub, name: str) -> None:
    person, phone = hub.person(name), hub.browser("192.0.2.5")
    phone.sign_in(name)
    lab_token = start_lab(hub, name)
    mine = person_token(hub, person, name)
    forged = person_token(hub, person, name, note=f"Server at /user/{name}/")
    cuts = (hub.data / "cuts").read_text().count("\n") if (hub.data / "cuts").exists() else 0

    wrong = person.submit("password", current="wrong", password=NEW, confirm=NEW)
    assert wrong.status_code == 403
    done = person.submit("password", current=PASSWORD, password=NEW, confirm=NEW)
    assert done.status_code == 200
    assert "Changed" in done.text

    assert person.signed_in
    assert not phone.signed_in
    for token in (mine, forged):
        assert hub.api("GET", "user", token=token).status_code == 403
    assert lab(hub, name)["ready"] is True
    assert hub.api("GET", "user", token=lab_token).status_code == 200
    # at once, and when the lab has forgotten the sessions it knew
    eventually(lambda: (hub.data / "cuts").read_text().count("\n") == cuts + 2)
    assert hub.browser().sign_in(name).status_code == 403
    assert hub.browser().sign_in(name, NEW).status_code == 302
    assert hub.api("DELETE", f"users/{name}/server").status_code in {202, 204}
    eventually(lambda: not lab(hub, name).get("ready"))
    assert hub.api("GET", "user", token=lab_token).status_code == 403


def test_a_withdrawn_accounts_lab_stops_and_none_starts(hub: Hub, name: str) -> None:
    hub.person(name)
    lab_token = start_lab(hub, name)
    assert hub.api("POST", f"labyard/accounts/{name}/withdraw").status_code == 200
    eventually(lambda: not lab(hub, name).get("ready"))
    assert hub.api("GET", "user", token=lab_token).status_code == 403
    assert hub.api("POST", f"users/{name}/server").status_code >= 400
    assert not lab(hub, name)


def test_a_removed_account_leaves_nothing_to_a_later_one(hub: Hub, name: str) -> None:
    person = hub.person(name)
    start_lab(hub, name)
    assert hub.api("DELETE", f"labyard/accounts/{name}").status_code == 204
    assert hub.api("GET", f"users/{name}").status_code == 404
    assert not person.signed_in
    assert person.sign_in(name).status_code == 403
    later = hub.browser()
    later.sign_up(name, NEW)
    hub.api("POST", f"labyard/accounts/{name}/approve")
    assert person.sign_in(name).status_code == 403
    assert later.sign_in(name, NEW).status_code == 302


def test_removal_by_the_hubs_own_rest_takes_the_account_along(hub: Hub, name: str) -> None:
    person = hub.person(name)
    assert hub.api("DELETE", f"users/{name}").status_code == 204
    assert hub.api("GET", f"labyard/accounts/{name}").status_code == 404
    assert person.sign_in(name).status_code == 403


def test_a_renamed_user_keeps_the_account(hub: Hub, name: str) -> None:
    person = hub.person(name)
    assert hub.api("PATCH", f"users/{name}", {"name": f"{name}-renamed"}).status_code == 200
    assert person.signed_in
    assert hub.browser().sign_in(name).status_code == 403
    assert hub.browser().sign_in(f"{name}-renamed").status_code == 302


# -- administrators -----------------------------------------------------------------------------------


def test_administrators_are_made_and_unmade(hub: Hub, admin: Browser, name: str) -> None:
    person = hub.person(name)
    assert person.open("admin").status_code == 403
    do(admin, name, "admin")
    assert person.open("admin").status_code == 200
    assert hub.api("GET", f"users/{name}").json()["admin"] is True
    do(admin, name, "no-admin")
    assert person.open("admin").status_code == 403
    assert hub.api("GET", f"labyard/accounts/{name}").json()["admin"] is False


def test_administrators_cannot_shut_themselves_out(hub: Hub, admin: Browser) -> None:
    for action in ("withdraw", "no-admin", "remove"):
        assert do(admin, "admin", action).status_code == 400
    for path in ("withdraw", "admin"):
        body = {"admin": False} if path == "admin" else None
        answer = hub.api("POST", f"labyard/accounts/admin/{path}", body)
        assert (answer.status_code, answer.json()["error"]) == (400, "refused")
        assert "last administrator" in answer.json()["message"]
    for address in ("labyard/accounts/admin", "users/admin"):
        assert hub.api("DELETE", address).status_code == 400, address
    assert hub.api("PATCH", "users/admin", {"admin": False}).status_code == 400
    assert admin.signed_in


def test_who_only_manages_users_has_no_hold_on_administrators(hub: Hub, name: str) -> None:
    person = hub.person(name)
    for method, path in (
        ("GET", "labyard/accounts"),
        ("POST", "labyard/accounts/admin/password"),
        ("POST", f"labyard/accounts/{name}/admin"),
        ("DELETE", "labyard/accounts/admin"),
    ):
        token = person_token(hub, person, name)
        assert hub.api(method, path, token=token).status_code == 403
    assert do(person, name, "admin").status_code == 403


def test_nothing_is_done_by_get(hub: Hub, admin: Browser, name: str) -> None:
    hub.browser().sign_up(name)
    for path in (
        f"accounts?name={name}&action=approve",  # the former page's
        f"api/labyard/accounts/{name}/approve",
    ):
        admin.open(path)
        hub.api("GET", path.removeprefix("api/"))
    assert hub.api("GET", f"labyard/accounts/{name}").json()["state"] == "pending"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("labyard/accounts/nobody/approve", None, 404),
        ("labyard/accounts/admin/approve", None, 409),
        ("labyard/accounts", {"name": "admin"}, 409),
        ("labyard/accounts", {"name": "hub"}, 400),
        ("labyard/accounts", {"nmae": "x"}, 400),
        ("labyard/accounts", {"name": ["x"]}, 400),
        ("labyard/accounts", {"name": "x", "admin": 1}, 400),
        ("labyard/accounts", ["x"], 400),
        ("labyard/accounts/admin/admin", {"admin": "no"}, 400),
    ],
)
def test_rest_says_what_is_wrong(hub: Hub, path: str, body: object, status: int) -> None:
    answer = hub.api("POST", path, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]
    assert answer.json()["status"] == status


def test_a_name_that_is_taken_off_the_list_is_refused_without_a_restart(
    hubs: Callable[..., Hub], tmp_path: Path
) -> None:
    file = tmp_path / "users.txt"
    hub = hubs(allow_list=str(file))
    admin = hub.bootstrap()
    assert admin.signed_in, "an administrator need not be on it"
    file.write_text("Anna  # from May on\n")
    for name in ("anna", "ben"):
        hub.browser().sign_up(name)
        do(admin, name, "approve")
    anna, ben = hub.browser(), hub.browser()
    assert anna.sign_in("anna").status_code == 302
    refused = ben.sign_in("ben")
    assert refused.status_code == 403
    assert "not on the list" in refused.text
    file.write_text("ben\n")
    assert ben.sign_in("ben").status_code == 302
    assert hub.browser().sign_in("anna").status_code == 403
    file.unlink()
    missing = hub.browser().sign_in("ben")
    assert missing.status_code == 503
    assert "cannot be read" in missing.text
    assert str(file) in hub.log
