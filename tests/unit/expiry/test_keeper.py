"""What the keeper does and leaves alone: real dates in a database, hands that write down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labyard.core.errors import EngineUnreachable
from labyard.core.models import Owner
from labyard.core.store import Store, prepare
from labyard.expiry.dates import NOTICES, Expiry
from labyard.expiry.keeper import Keeper, StillDue
from labyard.expiry.store import Expiries

ANNA, BEN = Owner(7, "anna"), Owner(8, "ben")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Hands:
    """Does nothing but remember. ``away`` is an engine or hub that does not answer."""

    def __init__(self) -> None:
        self.known = {7: ANNA, 8: BEN}
        self.told: list[tuple[str, str, str]] = []
        self.ended: list[tuple[str, str]] = []
        self.running = True
        self.away = False

    async def owners(self, ids: Sequence[int]) -> Mapping[int, Owner]:
        return {id: self.known[id] for id in ids if id in self.known}

    async def tell(self, owner: Owner, server: str, words: str, id: str) -> bool:
        self._answer()
        if self.running:
            self.told.append((owner.name, server, id))
        return self.running

    async def end(self, owner: Owner, server: str, due: StillDue, *, forget: bool) -> bool:
        self._answer()
        if not await due():
            return False
        self.ended.append((owner.name, server))
        return True

    def _answer(self) -> None:
        if self.away:
            raise EngineUnreachable("It is away.")


@pytest.fixture
def expiries(tmp_path: Path) -> Iterator[Expiries]:
    url = f"sqlite:///{tmp_path}/labyard.sqlite"
    prepare(url)
    store = Store(url)
    yield Expiries(store)
    store.close()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def keeper(expiries: Expiries, hands: Hands) -> Keeper:
    return Keeper(expiries, hands)


def ending(rest: timedelta) -> Expiry:
    now = datetime.now(UTC)
    return Expiry(now + rest, now + rest - 7 * 24 * HOUR, 7)


async def test_what_is_over_ends_and_is_forgotten(
    expiries: Expiries, hands: Hands, keeper: Keeper
) -> None:
    await expiries.put(7, "train", ending(-MINUTE))
    await expiries.put(7, "", ending(5 * 24 * HOUR))
    await keeper.look()
    await keeper.look()
    assert hands.ended == [("anna", "train")]
    assert list(await expiries.of(7)) == [""]
    assert hands.told == []


async def test_each_notice_is_given_once(expiries: Expiries, hands: Hands, keeper: Keeper) -> None:
    await expiries.put(7, "train", ending(20 * HOUR))
    await keeper.look()
    await Keeper(expiries, hands).look()  # the service came up anew
    assert [(name, server) for name, server, _ in hands.told] == [("anna", "train")]
    assert (await expiries.of(7))["train"].told == NOTICES[0]


async def test_a_notice_that_was_not_noted_is_sent_again_as_the_same(
    expiries: Expiries, hands: Hands, keeper: Keeper
) -> None:
    """The service may end between sending and noting; labs show an id once."""
    expiry = ending(30 * MINUTE)
    for _ in range(2):
        await expiries.put(7, "train", expiry)
        await keeper.look()
    (one, other) = hands.told
    assert one == other


async def test_a_notice_waits_for_a_lab_that_runs(
    expiries: Expiries, hands: Hands, keeper: Keeper
) -> None:
    await expiries.put(7, "train", ending(30 * MINUTE))
    hands.running = False
    await keeper.look()
    assert (await expiries.of(7))["train"].told is None
    hands.running = True
    await keeper.look()
    assert len(hands.told) == 1


async def test_nothing_is_decided_while_nobody_answers(
    expiries: Expiries, hands: Hands, keeper: Keeper
) -> None:
    await expiries.put(7, "train", ending(-MINUTE))
    await expiries.put(8, "", ending(30 * MINUTE))
    hands.away = True
    await keeper.look()
    assert len(await expiries.of(7)) == len(await expiries.of(8)) == 1
    hands.away = False
    await keeper.look()
    assert hands.ended == [("anna", "train")]
    assert [name for name, _, _ in hands.told] == ["ben"]


async def test_what_was_extended_or_started_anew_meanwhile_is_left_alone(
    expiries: Expiries, hands: Hands, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await expiries.put(7, "train", ending(-MINUTE))
    looks = expiries.before

    async def then_extended(moment: datetime) -> object:
        found = await looks(moment)
        await expiries.extend(7, "train", 3, datetime.now(UTC))
        return found

    monkeypatch.setattr(expiries, "before", then_extended)
    await keeper.look()
    assert hands.ended == []
    assert (await expiries.of(7))["train"].expires > datetime.now(UTC)


async def test_dates_of_users_that_are_gone_are_forgotten(
    expiries: Expiries, hands: Hands, keeper: Keeper
) -> None:
    await expiries.put(9, "train", ending(-MINUTE))
    await keeper.look()
    assert (hands.ended, await expiries.of(9)) == ([], {})


async def test_one_that_fails_does_not_hold_up_the_others(
    expiries: Expiries, hands: Hands, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await expiries.put(7, "a", ending(-2 * MINUTE))
    await expiries.put(8, "b", ending(-MINUTE))
    end = hands.end

    async def failing(owner: Owner, server: str, due: StillDue, *, forget: bool) -> bool:
        if server == "a":
            raise RuntimeError("a bug")
        return await end(owner, server, due, forget=forget)

    monkeypatch.setattr(hands, "end", failing)
    await keeper.look()
    assert hands.ended == [("ben", "b")]


async def test_a_date_goes_with_a_renamed_server(expiries: Expiries) -> None:
    expiry = ending(HOUR)
    await expiries.put(7, "old", expiry)
    await expiries.rename(7, "old", "new")
    assert await expiries.of(7) == {"new": expiry}
