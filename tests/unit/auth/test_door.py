from collections.abc import Iterator
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher

from labyard.auth import codes
from labyard.auth.accounts import Accounts, State
from labyard.auth.door import Caller, Door, Rules
from labyard.auth.passwords import Passwords
from labyard.auth.throttle import TooMany
from labyard.auth.ways.way import CannotAsk
from labyard.core.errors import Forbidden, Refused

PASSWORD = "the cat sat down"
HERE = Caller("192.0.2.1")
NEIGHBOUR = Caller("192.0.2.99")
ELSEWHERE = Caller("198.51.100.1")


@pytest.fixture
def door(accounts: Accounts) -> Iterator[Door]:
    passwords = Passwords()
    yield Door(accounts, passwords, Rules(per_address=6, per_name=3, window=3600))
    passwords.close()


@pytest.fixture
async def anna(door: Door) -> str:
    await door.request("anna", PASSWORD, HERE)
    door.accounts.decide("anna", State.APPROVED, by="admin", wanted=State.PENDING)
    return "anna"


async def test_an_approved_account_comes_in_with_its_password(door: Door, anna: str) -> None:
    account = await door.sign_in("Anna", PASSWORD, HERE)
    assert account is not None
    assert account.name == "anna"
    assert await door.sign_in("anna", PASSWORD + "!", HERE) is None


async def test_pending_withdrawn_invited_and_unknown_stay_out(door: Door, anna: str) -> None:
    await door.request("pending", PASSWORD, HERE)
    door.accounts.ensure("invited")
    door.accounts.decide("anna", State.WITHDRAWN, by="admin", wanted=State.APPROVED)
    for number, name in enumerate(("pending", "anna", "invited", "unknown", "../x", "\u212aim")):
        assert await door.sign_in(name, PASSWORD, Caller(f"10.{number}.0.1")) is None


async def test_every_refusal_costs_one_check(door: Door, anna: str) -> None:
    await door.request("pending", PASSWORD, HERE)
    door.accounts.ensure("invited")
    real = PasswordHasher.verify
    for number, name in enumerate(("anna", "pending", "invited", "unknown", "../x", "hub")):
        with patch.object(PasswordHasher, "verify", autospec=True, side_effect=real) as verify:
            await door.sign_in(name, "wrong password", Caller(f"10.{number}.0.1"))
        assert verify.call_count == 1, name


async def test_a_request_for_a_taken_name_looks_the_same_and_changes_nothing(
    door: Door, anna: str
) -> None:
    before = door.accounts.get("anna")
    await door.request("anna", "another long one", ELSEWHERE)
    assert door.accounts.get("anna") == before


@pytest.mark.parametrize("name", ["admin", "hub", "a b", "x" * 33, "\u0430nna"])
async def test_names_nobody_can_ask_for(door: Door, name: str) -> None:
    with pytest.raises(Refused):
        await door.request(name, PASSWORD, HERE)
    assert not door.accounts.taken([name])


async def test_failures_from_one_network_fill_the_names_bucket(door: Door, anna: str) -> None:
    for _ in range(3):
        await door.sign_in("anna", "wrong", HERE)
    for caller in (HERE, NEIGHBOUR):
        with pytest.raises(TooMany):
            await door.sign_in("anna", PASSWORD, caller)


async def test_failures_elsewhere_lock_nobody_out(door: Door, anna: str) -> None:
    for number in range(30):
        await door.sign_in("anna", "wrong", Caller(f"10.{number}.0.1"))
    assert await door.sign_in("anna", PASSWORD, HERE)


async def test_a_known_browser_comes_in_whatever_its_neighbours_do(door: Door, anna: str) -> None:
    for _ in range(3):
        await door.sign_in("anna", "wrong", HERE)
    with pytest.raises(TooMany):
        await door.sign_in("anna", PASSWORD, HERE)
    assert await door.sign_in("anna", PASSWORD, Caller(HERE.address, known="browser"))


async def test_a_known_browser_cannot_try_without_end(door: Door, anna: str) -> None:
    stolen = Caller(HERE.address, known="browser")
    for _ in range(3):
        await door.sign_in("anna", "wrong", stolen)
    with pytest.raises(TooMany):
        await door.sign_in("anna", PASSWORD, stolen)


async def test_an_address_cannot_try_many_names(door: Door) -> None:
    for number in range(6):
        await door.sign_in(f"user{number}", "wrong", HERE)
    with pytest.raises(TooMany):
        await door.sign_in("user7", "wrong", HERE)
    await door.sign_in("user7", "wrong", NEIGHBOUR)


async def test_good_sign_ins_never_fill_a_bucket(door: Door, anna: str) -> None:
    for _ in range(8):
        assert await door.sign_in("anna", PASSWORD, HERE)


async def test_what_could_not_be_checked_is_no_failed_guess(door: Door) -> None:
    for _ in range(8):
        with pytest.raises(CannotAsk):
            async with door.attempt("anna", HERE):
                raise CannotAsk("The directory is away.")
    for _ in range(3):
        with pytest.raises(Forbidden):
            async with door.attempt("anna", HERE):
                raise Forbidden("No.")
    with pytest.raises(TooMany):
        async with door.attempt("anna", HERE):
            pass


async def test_a_name_written_otherwise_is_the_same_name(door: Door) -> None:
    for name in ("bob", "BOB ", "\uff42\uff4f\uff42"):
        async with door.attempt(name, HERE):
            pass
    with pytest.raises(TooMany):
        async with door.attempt(" b\u00adob", HERE):
            pass


async def test_requests_are_limited_for_each_address(door: Door) -> None:
    for number in range(6):
        await door.request(f"user{number}", PASSWORD, HERE)
    with pytest.raises(TooMany):
        await door.request("user7", PASSWORD, HERE)
    await door.request("user7", PASSWORD, NEIGHBOUR)


async def test_a_code_sets_the_password_once(door: Door, anna: str) -> None:
    code = codes.new()
    door.accounts.set_code("anna", code)
    assert await door.sign_in("anna", PASSWORD, HERE) is None
    assert await door.redeem("anna", codes.new(), "a new long one", HERE) is None
    assert await door.redeem("unknown", code, "a new long one", HERE) is None
    assert await door.redeem("anna", code, "a new long one", HERE)
    assert await door.sign_in("anna", "a new long one", HERE)
    assert await door.redeem("anna", code, "a newer long one", HERE) is None


async def test_a_good_code_works_however_many_bad_ones_came_before(door: Door, anna: str) -> None:
    code = codes.new()
    door.accounts.set_code("anna", code)
    for _ in range(6):
        await door.redeem("anna", "bad", "a new long one", HERE)
    with pytest.raises(TooMany):
        await door.redeem("anna", "bad", "a new long one", HERE)
    assert await door.redeem("anna", code, "a new long one", HERE)


async def test_a_password_is_changed_with_the_old_one_only(door: Door, anna: str) -> None:
    assert not await door.change_password("anna", "wrong", "a new long one", HERE)
    with pytest.raises(Refused):
        await door.change_password("anna", PASSWORD, "short", HERE)
    with pytest.raises(Refused):
        await door.change_password("anna", PASSWORD, PASSWORD, HERE)
    assert await door.change_password("anna", PASSWORD, "a new long one", HERE)
    assert await door.sign_in("anna", "a new long one", HERE)
    assert await door.sign_in("anna", PASSWORD, HERE) is None


async def test_an_old_hash_is_renewed_at_the_next_sign_in(door: Door, anna: str) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    door.accounts.set_password("anna", cheap)
    assert await door.sign_in("anna", PASSWORD, HERE)
    renewed = door.accounts.get("anna").password
    assert renewed
    assert not door.passwords.outdated(renewed)
    assert await door.sign_in("anna", PASSWORD, HERE)
