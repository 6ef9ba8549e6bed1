"""Whose key is whose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labyard.core.errors import Busy, NotFound, Refused
from labyard.core.store import Store, prepare
from labyard.ssh.keyring import MOST, Keyring
from labyard.ssh.keys import PublicKey, parse

ANNA, BEN = 7, 8


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    url = f"sqlite:///{tmp_path}/labyard.sqlite"
    prepare(url)
    store = Store(url)
    yield Keyring(store)
    store.close()


@pytest.fixture
def key(make_key: Callable[..., Path]) -> PublicKey:
    return parse(make_key("ring", "-t", "ed25519").with_suffix(".pub").read_text())


def test_a_key_is_kept_found_and_forgotten(keyring: Keyring, key: PublicKey) -> None:
    kept = keyring.add(ANNA, key)
    assert keyring.of(ANNA) == [kept]
    assert keyring.find(key.fingerprint) == kept
    assert keyring.of(BEN) == []
    assert keyring.remove(ANNA, kept.id) == kept
    assert keyring.find(key.fingerprint) is None


def test_a_key_belongs_to_one_person_once(keyring: Keyring, key: PublicKey) -> None:
    keyring.add(ANNA, key)
    for person in (ANNA, BEN):
        with pytest.raises(Busy, match="kept here already"):
            keyring.add(person, key)
    assert keyring.of(BEN) == []


def test_nobody_deletes_anothers_key(keyring: Keyring, key: PublicKey) -> None:
    kept = keyring.add(ANNA, key)
    with pytest.raises(NotFound):
        keyring.remove(BEN, kept.id)
    assert keyring.of(ANNA) == [kept]


def test_there_are_only_so_many(keyring: Keyring) -> None:
    def made(number: int) -> PublicKey:
        return PublicKey("ssh-ed25519", "AAAA", f"SHA256:{number}", "key")

    for number in range(MOST):
        keyring.add(ANNA, made(number))
    with pytest.raises(Refused, match=f"{MOST} keys"):
        keyring.add(ANNA, made(MOST))
    keyring.add(BEN, made(MOST))


def test_a_deleted_keys_number_is_never_anothers(keyring: Keyring, key: PublicKey) -> None:
    first = keyring.add(ANNA, key)
    keyring.remove(ANNA, first.id)
    assert keyring.add(ANNA, key).id > first.id
