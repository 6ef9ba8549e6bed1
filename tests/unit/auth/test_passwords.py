import asyncio
import os
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters

from labyard.auth import passwords as module
from labyard.auth.passwords import Overloaded, Passwords, common, objection


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "at least 12"),
        ("x" * 300, "at most 256"),
        ("Some.Long-Name", "cannot be the username"),
        ("Password1234", "first that anyone"),
        ("zzzzzzzzzzzzz", "first that anyone"),
    ],
)
def test_objects_to(password: str, says: str) -> None:
    assert says in objection(password, name="some.long-name", shortest=12)


def test_admits_a_sentence() -> None:
    assert objection("the cat sat down", name="cat", shortest=12) == ""


def test_the_list_of_common_ones_has_some_that_pass_every_other_rule() -> None:
    assert sum(len(word) >= 12 for word in common()) > 40
    assert all(word == word.casefold() for word in common())


async def test_a_password_fits_its_own_hash_alone(passwords: Passwords) -> None:
    encoded = await passwords.hash("the cat sat down")
    assert await passwords.verify(encoded, "the cat sat down")
    assert not await passwords.verify(encoded, "the cat sat down ")
    assert not await passwords.verify(None, "the cat sat down")
    assert not await passwords.verify("not a hash", "the cat sat down")


async def test_composed_and_decomposed_letters_are_the_same(passwords: Passwords) -> None:
    encoded = await passwords.hash("caf\u00e9 caf\u00e9 caf\u00e9")
    assert await passwords.verify(encoded, "cafe\u0301 cafe\u0301 cafe\u0301")


async def test_nobody_costs_as_much_as_somebody(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, encoded: str, password: bytes) -> bool:
        checked.append(encoded)
        return bool(verify(self, encoded, password))

    encoded = await passwords.hash("the cat sat down")
    monkeypatch.setattr(PasswordHasher, "verify", watched)
    for against in (encoded, None):
        await passwords.verify(against, "something else")
    somebody, nobody = (extract_parameters(one) for one in checked)
    assert somebody == nobody


async def test_hashing_leaves_the_loop_and_steps_back(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[tuple[int, int]] = set()
    fits = Passwords._fits

    def watched(self: Passwords, encoded: str, password: str) -> bool:
        thread = threading.get_native_id()
        seen.add((thread, os.getpriority(os.PRIO_PROCESS, thread)))
        return fits(self, encoded, password)

    monkeypatch.setattr(Passwords, "_fits", watched)
    here = threading.get_native_id()
    usual = os.getpriority(os.PRIO_PROCESS, here)
    await asyncio.gather(*(passwords.verify(None, "x") for _ in range(8)))
    assert 1 <= len(seen) <= 2
    assert all(thread != here and nice > usual for thread, nice in seen)


async def test_a_crowd_is_sent_away(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 2)
    outcomes = await asyncio.gather(
        *(passwords.verify(None, "x") for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, Overloaded) for one in outcomes) == 3
    assert await passwords.verify(None, "x") is False


async def test_a_hash_of_other_costs_is_outdated(passwords: Passwords) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x")
    assert passwords.outdated(cheap)
    assert not passwords.outdated(await passwords.hash("x"))
