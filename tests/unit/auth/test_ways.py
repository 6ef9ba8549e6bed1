"""Whom a way's word lets in, and what it gives and takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labyard.auth.accounts import Accounts, State
from labyard.auth.ways.admission import Admission, NameTaken, Waiting
from labyard.auth.ways.identities import Identities, Linked
from labyard.auth.ways.memberships import settle
from labyard.auth.ways.sealed import Seal
from labyard.auth.ways.way import Identity, Welcome
from labyard.core.errors import Forbidden, NotFound
from labyard.core.store import Store

IDA = Identity("casdoor", "https://sso.example.org", "7", "Ways-Ida")


@pytest.fixture
def admission(store: Store, accounts: Accounts) -> Admission:
    return Admission(
        Identities(store, Seal(b"k" * 32)),
        accounts,
        objection=lambda name: "" if name.isascii() else "No.",
        listed=lambda name, admin: None,
        kept="admin",
    )


def arrives(admission: Admission, identity: Identity, welcome: Welcome = Welcome.APPROVE) -> str:
    return admission.admit(identity, welcome)[1].name


def test_somebody_new_gets_an_account_and_keeps_it(admission: Admission) -> None:
    assert arrives(admission, IDA) == "ways-ida"
    assert arrives(admission, replace(IDA, name="ida-by-another-name")) == "ways-ida"


def test_somebody_new_may_have_to_wait(admission: Admission) -> None:
    with pytest.raises(Waiting):
        arrives(admission, IDA, Welcome.ASK)
    admission.accounts.decide("ways-ida", State.APPROVED, by="admin", wanted=State.PENDING)
    assert arrives(admission, IDA, Welcome.ASK) == "ways-ida"


@pytest.mark.parametrize(
    "other",
    [
        replace(IDA, subject="8"),
        replace(IDA, issuer="https://elsewhere.example.org"),
        replace(IDA, way="ldap"),
    ],
    ids=["subject", "issuer", "way"],
)
def test_a_name_is_never_taken_over_from_another_identity(
    admission: Admission, other: Identity
) -> None:
    arrives(admission, IDA)
    with pytest.raises(NameTaken, match=f"link ways-ida --way {other.way}"):
        arrives(admission, replace(other, admin=True))


@pytest.mark.parametrize("name", ["ways-pat", "admin", "ADMIN"])
def test_nor_from_an_account_with_a_password_nor_from_the_first_administrator(
    admission: Admission, name: str
) -> None:
    admission.accounts.request("ways-pat", "hash")
    with pytest.raises(NameTaken):
        arrives(admission, replace(IDA, name=name))


@pytest.mark.parametrize("subject", ["", "x" * 256])
def test_who_cannot_be_told_apart_does_not_come_in(admission: Admission, subject: str) -> None:
    with pytest.raises(Forbidden):
        arrives(admission, replace(IDA, subject=subject))


def test_a_name_that_cannot_be_one_is_refused_with_the_reason(admission: Admission) -> None:
    with pytest.raises(Forbidden, match=r"'\u212aate', which cannot be a name here. No."):
        arrives(admission, replace(IDA, name="\u212aate"))


def test_who_is_withdrawn_stays_out(admission: Admission) -> None:
    arrives(admission, IDA)
    admission.accounts.decide("ways-ida", State.WITHDRAWN, by="admin", wanted=State.APPROVED)
    with pytest.raises(Forbidden, match="withdrawn"):
        arrives(admission, replace(IDA, admin=True))


def test_a_removed_account_comes_back_as_a_new_one(admission: Admission) -> None:
    arrives(admission, IDA)
    admission.accounts.remove("ways-ida")
    assert not admission.identities.of("ways-ida")
    assert arrives(admission, replace(IDA, name="ways-eve")) == "ways-eve"


def test_an_administrator_may_link_a_name_and_unlink_it(admission: Admission) -> None:
    admission.accounts.ensure("ways-pat")
    pat = replace(IDA, name="ways-pat")
    admission.identities.link("ways-pat", *pat.key)
    assert arrives(admission, pat) == "ways-pat"
    with pytest.raises(Linked):
        admission.identities.link("ways-pat", *pat.key)
    admission.identities.unlink("ways-pat", *pat.key)
    with pytest.raises(NameTaken):
        arrives(admission, pat)
    with pytest.raises(NotFound):
        admission.identities.unlink("ways-pat", *pat.key)
    with pytest.raises(NotFound):
        admission.identities.link("ways-nobody", *pat.key)


def test_rights_come_and_go_with_the_issuers_word_unless_given_by_hand(
    admission: Admission,
) -> None:
    def admin(identity: Identity) -> bool:
        return admission.admit(identity, Welcome.ASK)[1].admin

    assert admin(replace(IDA, admin=True))
    assert admin(IDA), "no word changes nothing"
    assert not admin(replace(IDA, admin=False))
    admission.accounts.set_admin("ways-ida", True)
    assert admin(replace(IDA, admin=True))
    assert admin(replace(IDA, admin=False)), "given by hand"


def test_what_a_way_keeps_is_sealed(admission: Admission, store: Store) -> None:
    arrives(admission, replace(IDA, kept="refresh-token"))
    (bound,) = admission.identities.of("ways-ida")
    assert bound.kept == "refresh-token"
    (other,) = Identities(store, Seal(b"x" * 32)).of("ways-ida")
    assert other.kept == ""


@pytest.mark.parametrize(
    ("now", "before", "elsewhere", "said", "expected"),
    [
        ("", "", "", "a b", ("a b", "a b", "")),
        ("a b", "a b", "", "a", ("a", "", "b")),
        ("hand", "", "", "hand a", ("a", "a", "")),
        ("hand a", "a", "", "", ("", "", "a")),
        ("both", "both", "both", "", ("", "", "")),
        ("other", "", "other", "other", ("other", "", "")),
        ("", "gone", "", "", ("", "", "")),
    ],
    ids=["new", "withdrawn", "by hand", "hand stays", "two ways", "second way", "left by hand"],
)
def test_groups_by_hand_and_by_ways_are_kept_apart(
    now: str, before: str, elsewhere: str, said: str, expected: tuple[str, str, str]
) -> None:
    change = settle(*(set(words.split()) for words in (now, before, elsewhere, said)))
    given, join, leave = (set(words.split()) for words in expected)
    assert (change.given, change.join, change.leave) == (given, join, leave)
