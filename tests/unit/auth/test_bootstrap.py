from pathlib import Path

import pytest

from labyard.auth import bootstrap
from labyard.auth.accounts import Accounts, State
from labyard.auth.ways.identities import Identities
from labyard.auth.ways.sealed import Seal
from labyard.core.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "var")
    made.make()
    return made


def test_the_secret_stays_the_same_until_it_was_used(paths: Paths, accounts: Accounts) -> None:
    secret = bootstrap.ensure(paths, accounts, "admin")
    assert secret
    assert bootstrap.ensure(paths, accounts, "admin") == secret
    assert paths.secret("bootstrap").stat().st_mode & 0o777 == 0o600
    assert accounts.redeem("admin", secret, "hash")
    assert bootstrap.ensure(paths, accounts, "admin") is None
    assert not paths.secret("bootstrap").exists()
    assert not accounts.redeem("admin", secret, "another")


def test_the_secret_makes_an_administrator_who_is_approved(
    paths: Paths, accounts: Accounts
) -> None:
    bootstrap.ensure(paths, accounts, "admin")
    account = accounts.get("admin")
    assert account.admin
    assert account.approved
    assert account.password is None
    assert not accounts.redeem("admin", "another code", "hash")


def test_whoever_asked_for_the_name_before_gets_nothing(paths: Paths, accounts: Accounts) -> None:
    accounts.request("boss", "hash of a stranger")
    bootstrap.ensure(paths, accounts, "boss")
    assert accounts.get("boss").password is None


def test_an_administrator_who_cannot_sign_in_is_none(paths: Paths, accounts: Accounts) -> None:
    accounts.request("old", "hash")
    accounts.decide("old", State.APPROVED, by="x", wanted=State.PENDING)
    accounts.set_admin("old", True)
    assert bootstrap.ensure(paths, accounts, "admin") is None
    accounts.decide("old", State.WITHDRAWN, by="x", wanted=State.APPROVED)
    assert bootstrap.ensure(paths, accounts, "admin")


def test_a_lost_file_is_replaced_and_the_old_secret_is_void(
    paths: Paths, accounts: Accounts
) -> None:
    first = bootstrap.ensure(paths, accounts, "admin")
    paths.secret("bootstrap").unlink()
    second = bootstrap.ensure(paths, accounts, "admin")
    assert second != first
    assert not accounts.get("admin").accepts(first or "")
    assert accounts.get("admin").accepts(second or "")


def test_a_plain_account_of_that_name_becomes_the_administrator_with_the_secret(
    paths: Paths, accounts: Accounts
) -> None:
    accounts.request("admin", "hash")
    accounts.decide("admin", State.APPROVED, by="x", wanted=State.PENDING)
    identities = Identities(accounts.store, Seal(b"k" * 32))
    identities.link("admin", "oidc", "issuer", "a stranger")
    secret = bootstrap.ensure(paths, accounts, "admin")
    assert accounts.get("admin").password is None
    assert accounts.get("admin").accepts(secret or "")
    assert not identities.of("admin"), "who came in by another way before comes in no more"
