"""Sign-in with a directory, through a real hub."""

from __future__ import annotations

from collections.abc import Iterator

import ldap3
import pytest
import requests

from tests.tools.directory import BASE, SECRET, SERVICE, Slapd, person

from .conftest import PASSWORD, Browser, Hub

THEIRS = "their own in the directory"
NAMES = ("ldap-ann", "ldap-ben", "ldap-cat", "ldap-dan", "admin")
GROUPS = {"physics": ["ldap-ann"], "engineers": ["ldap-ann", "ldap-ben"], "others": ["ldap-ann"]}


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    made = Slapd(tmp_path_factory.mktemp("slapd"))
    made.start()
    made.fill(dict.fromkeys(NAMES, THEIRS), {**GROUPS, "chiefs": ["ldap-ben"]})
    yield made
    made.stop()


@pytest.fixture(scope="module")
def hub(slapd: Slapd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    data = tmp_path_factory.mktemp("ldap")
    made = Hub(data, f"sqlite:///{data}/labyard.sqlite", options={"per_name": 4, "window": 36_000})
    made.ldap = {
        "server": slapd.address,
        "ca": str(slapd.ca),
        "bind_dn": SERVICE,
        "bind_password": SECRET,
        "user_base": f"ou=people,{BASE}",
        "group_base": f"ou=groups,{BASE}",
    }
    made.start()
    made.bootstrap()
    yield made
    made.stop()


def come(
    hub: Hub, name: str, password: str = THEIRS, address: str = "203.0.113.1"
) -> tuple[Browser, requests.Response]:
    """Send the sign-in page's form to the directory."""
    browser = hub.browser(address)
    answer = browser.submit("login", username=name, password=password, way="ldap")
    return browser, answer


def groups(hub: Hub, name: str) -> set[str]:
    return set(hub.api("GET", f"users/{name}").json()["groups"])


def test_the_directory_says_who_it_is_and_which_groups_they_are_in(hub: Hub) -> None:
    assert "Sign in with the directory" in hub.browser().open("login").text
    ann, answer = come(hub, "LDAP-Ann")
    assert answer.status_code == 302
    assert ann.signed_in
    assert groups(hub, "ldap-ann") == {"team", "docker-privileged"}
    assert not hub.api("GET", "users/ldap-ann").json()["admin"]
    ben, _ = come(hub, "ldap-ben")
    assert ben.signed_in
    assert hub.api("GET", "users/ldap-ben").json()["admin"]


@pytest.mark.parametrize("password", ["wrong", " ", PASSWORD])
def test_a_wrong_password_is_told_like_any_other(hub: Hub, password: str) -> None:
    address = f"10.1.{len(password)}.1"
    browser, answer = come(hub, "ldap-cat", password, address)
    assert answer.status_code == 403
    assert "Wrong name or password" in answer.text
    assert not browser.signed_in
    _, unknown = come(hub, "ldap-nobody", password, address)
    assert (unknown.status_code, "Wrong name or password" in unknown.text) == (403, True)


def test_each_password_goes_where_its_button_says(hub: Hub) -> None:
    """A password of this house is never shown to the directory, nor the other way round."""
    browser = hub.browser("10.2.0.1")
    assert browser.sign_in("ldap-cat", THEIRS).status_code == 403
    assert (
        browser.submit("login", username="ldap-cat", password=THEIRS, way="header").status_code
        == 400
    )
    own = hub.browser("10.2.1.1")
    assert own.sign_in("admin").status_code == 302


def test_it_gives_nobody_the_first_administrators_account(hub: Hub) -> None:
    browser, answer = come(hub, "admin", THEIRS, "10.3.0.1")
    assert answer.status_code == 403
    assert "nothing says that it is yours" in answer.text
    assert not browser.signed_in


def test_guessing_is_limited_as_it_is_for_passwords(hub: Hub) -> None:
    answers = [come(hub, "ldap-dan", "wrong", "10.4.0.1")[1].status_code for _ in range(6)]
    assert answers == [403] * 4 + [429] * 2
    assert come(hub, "ldap-dan", THEIRS, "10.4.0.1")[1].status_code == 429
    assert come(hub, "ldap-dan", THEIRS, "10.5.0.1")[1].status_code == 302


def test_what_the_directory_takes_away_is_gone_at_the_next_start(hub: Hub, slapd: Slapd) -> None:
    _, answer = come(hub, "ldap-cat", address="10.6.0.1")
    assert answer.status_code == 302
    group = f"cn=engineers,ou=groups,{BASE}"
    with slapd.hands() as hands:
        hands.modify(group, {"member": [(ldap3.MODIFY_ADD, [person("ldap-cat")])]})
        assert hub.api("POST", "users/ldap-cat/server").status_code in (201, 202)
        assert groups(hub, "ldap-cat") == {"docker-privileged"}
        hands.modify(group, {"member": [(ldap3.MODIFY_DELETE, [person("ldap-cat")])]})
        hub.api("DELETE", "users/ldap-cat/server")
        assert hub.api("POST", "users/ldap-cat/server").status_code in (201, 202)
        assert groups(hub, "ldap-cat") == set()
        hub.api("DELETE", "users/ldap-cat/server")
        hands.delete(person("ldap-cat"))
    assert hub.api("POST", "users/ldap-cat/server").status_code == 403


def test_while_the_directory_is_away_nobody_comes_in_by_it(hub: Hub, slapd: Slapd) -> None:
    slapd.stop()
    try:
        browser, answer = come(hub, "ldap-ann", address="10.7.0.1")
        assert answer.status_code == 503
        assert "The directory does not answer" in answer.text
        assert not browser.signed_in
        assert hub.browser("10.7.1.1").sign_in("admin").status_code == 302
    finally:
        slapd.start()
    assert THEIRS not in hub.log
    assert SECRET not in hub.log
