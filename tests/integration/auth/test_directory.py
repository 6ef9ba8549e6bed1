"""A real directory: who comes in, what groups say, and what happens when it is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import ldap3
import pytest

from labyard.auth.ways.directory import Directory, Place
from labyard.auth.ways.way import CannotAsk
from tests.tools.directory import BASE, SECRET, SERVICE, Slapd, certify, person

PASSWORD = "a long enough secret"
PEOPLE = dict.fromkeys(("ldap-anna", "ldap-bert", "ldap-star*", "Ldap-Upper"), PASSWORD)
GROUPS = {"physics": ["ldap-anna", "ldap-bert"], "chiefs": ["ldap-anna"]}


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    made = Slapd(tmp_path_factory.mktemp("slapd"))
    made.start()
    made.fill(PEOPLE, GROUPS)
    yield made
    made.stop()


@pytest.fixture
def place(slapd: Slapd) -> Place:
    return Place(
        server=slapd.address,
        ca=str(slapd.ca),
        bind_dn=SERVICE,
        bind_password=SECRET,
        user_base=f"ou=people,{BASE}",
        group_base=f"ou=groups,{BASE}",
    )


def template(place: Place) -> Place:
    dn = f"uid={{username}},ou=people,{BASE}"
    return replace(place, bind_dn="", bind_password="", user_base="", user_dn=dn)


KINDS: dict[str, Callable[[Place, Slapd], Place]] = {
    "lookup-starttls": lambda place, _: place,
    "lookup-ldaps": lambda place, slapd: replace(place, server=slapd.tls_address),
    "template": lambda place, _: template(place),
}


@pytest.fixture(params=KINDS)
def directory(request: pytest.FixtureRequest, place: Place, slapd: Slapd) -> Directory:
    return Directory(KINDS[request.param](place, slapd))


def test_the_right_password_says_who_it_is(directory: Directory) -> None:
    anna = directory.sign_in("LDAP-Anna", PASSWORD)
    assert anna is not None
    assert (anna.name, anna.groups) == ("ldap-anna", {"physics", "chiefs"})
    assert len(anna.subject) == 36  # a UUID, which a move in the directory does not change
    upper = directory.sign_in("ldap-upper", PASSWORD)
    assert upper is not None
    assert (upper.name, upper.groups) == ("Ldap-Upper", frozenset())


@pytest.mark.parametrize("password", ["", " ", "\0", "wrong", f"{PASSWORD} ", f"{PASSWORD}\0"])
def test_no_other_password_does(directory: Directory, password: str) -> None:
    assert directory.sign_in("ldap-anna", password) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nobody",
        "*",
        "ldap-*",
        "ldap-anna)(uid=*",
        "*)(|(uid=*",
        "ldap-anna\0",
        "ldap-bert,ou=people,dc=example,dc=org",
        "ldap-anna+cn=ldap-anna",
        "\\6cdap-anna",
        "{ldap-anna}",
    ],
)
def test_no_name_means_somebody_else(directory: Directory, name: str) -> None:
    assert directory.sign_in(name, PASSWORD) is None


def test_a_name_with_a_star_is_itself(directory: Directory) -> None:
    star = directory.sign_in("ldap-star*", PASSWORD)
    assert star is not None
    assert star.name == "ldap-star*"


def test_a_filter_keeps_people_out(place: Place) -> None:
    chosen = Directory(replace(place, user_filter="(!(uid=ldap-bert))"))
    bert = Directory(place).sign_in("ldap-bert", PASSWORD)
    assert bert is not None
    assert chosen.sign_in("ldap-bert", PASSWORD) is None
    assert chosen.look_up(bert.subject) is None
    assert chosen.sign_in("ldap-anna", PASSWORD) is not None


def test_somebody_is_known_by_what_stays(place: Place, slapd: Slapd) -> None:
    directory = Directory(place)
    slapd_person = person("ldap-moved")
    with slapd.hands() as hands:
        said = {"cn": "x", "sn": "x", "userPassword": PASSWORD}
        hands.add(slapd_person, "inetOrgPerson", said)
        before = directory.sign_in("ldap-moved", PASSWORD)
        assert before is not None
        hands.modify_dn(slapd_person, "uid=ldap-married")
        hands.modify(
            f"cn=physics,ou=groups,{BASE}",
            {"member": [(ldap3.MODIFY_ADD, [person("ldap-married")])]},
        )
        after = directory.look_up(before.subject)
        assert after is not None
        assert (after.subject, after.name) == (before.subject, "ldap-married")
        assert after.groups == {"physics"}
        hands.delete(person("ldap-married"))
    assert directory.look_up(before.subject) is None


def test_a_place_in_the_directory_will_do(place: Place) -> None:
    directory = Directory(replace(place, subject_attribute=""))
    anna = directory.sign_in("ldap-anna", PASSWORD)
    assert anna is not None
    assert anna.subject == person("ldap-anna")
    assert directory.look_up(anna.subject) == anna
    assert directory.look_up(person("ldap-nobody")) is None


def test_who_is_told_apart_by_what_is_no_text_does_not_come_in(place: Place, slapd: Slapd) -> None:
    with slapd.hands() as hands:
        for number, name in enumerate(("ldap-anna", "ldap-bert"), 0xFD):
            picture = b"\xff\xd8\xff" + bytes([number])
            hands.modify(person(name), {"jpegPhoto": [(ldap3.MODIFY_REPLACE, [picture])]})
    directory = Directory(replace(place, subject_attribute="jpegPhoto"))
    for name in ("ldap-anna", "ldap-bert"):
        with pytest.raises(CannotAsk, match=r"uid and jpegPhoto .* as text.*subject_attribute"):
            directory.sign_in(name, PASSWORD)


def test_a_wrong_service_account_is_nobodys_wrong_password(place: Place) -> None:
    directory = Directory(replace(place, bind_password="wrong"))
    with pytest.raises(CannotAsk, match="looks people up"):
        directory.sign_in("ldap-anna", PASSWORD)


def test_who_cannot_prove_to_be_the_directory_is_told_no_password(
    place: Place, slapd: Slapd, tmp_path: Path
) -> None:
    certify(tmp_path)
    for server in (slapd.address, slapd.tls_address):
        stranger = replace(place, server=server, ca=str(tmp_path / "ca.pem"))
        other_name = replace(place, server=server.replace("localhost", "127.0.0.1"))
        for unproven in (stranger, other_name, replace(place, server=server, ca="")):
            with pytest.raises(CannotAsk, match="does not answer as it should"):
                Directory(unproven).sign_in("ldap-anna", PASSWORD)
    with pytest.raises(CannotAsk):  # this one demands TLS before a password
        Directory(replace(place, start_tls=False)).sign_in("ldap-anna", PASSWORD)


def test_a_directory_that_is_away_lets_nobody_in(place: Place, slapd: Slapd) -> None:
    slapd.stop()
    try:
        with pytest.raises(CannotAsk, match="does not answer"):
            Directory(place).sign_in("ldap-anna", PASSWORD)
        with pytest.raises(CannotAsk):
            Directory(place).look_up("x")
    finally:
        slapd.start()
