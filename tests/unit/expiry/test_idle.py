"""Which labs are stopped for want of use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from labyard.core.errors import EngineUnreachable
from labyard.core.models import Owner
from labyard.expiry.idle import Activity, Due, Quiet, announcement, due
from labyard.expiry.idling import Culler
from labyard.expiry.keeper import StillDue
from labyard.web.unused import parse

ANNA, BEN = Owner(7, "anna"), Owner(8, "ben")
HOUR = 3600.0


@pytest.mark.parametrize(
    ("activity", "timeout", "expected"),
    [
        (Activity(HOUR, busy=False), HOUR, Due.END),
        (Activity(9 * HOUR, busy=True), HOUR, Due.NOTHING),
        (Activity(9 * HOUR, busy=False), None, Due.NOTHING),
        (None, HOUR, Due.NOTHING),
        (Activity(HOUR - 599, busy=False), HOUR, Due.NOTICE),
        (Activity(HOUR - 601, busy=False), HOUR, Due.NOTHING),
        (Activity(46, busy=False), 60, Due.NOTICE),
        (Activity(44, busy=False), 60, Due.NOTHING),
    ],
)
def test_only_what_nobody_uses_for_long_is_stopped(
    activity: Activity | None, timeout: float | None, expected: Due
) -> None:
    assert due(activity, timeout) is expected


def test_what_is_said_fits_a_notice() -> None:
    assert len(announcement("x" * 90, 600)) <= 140
    assert "1 minute:" in announcement("", 2)


@pytest.mark.parametrize(
    ("said", "activity"),
    [
        (b'{"quiet": 5.5, "busy": false}', Activity(5.5, busy=False)),
        (None, None),
        (b"", None),
        (b"[]", None),
        (b'{"quiet": "x", "busy": true}', None),
        (b'{"quiet": 1e999, "busy": false}', None),
        (b'{"quiet": 5, "busy": "no"}', None),
        (b"[" * 4000, None),
    ],
)
def test_a_lab_may_say_anything(said: bytes | None, activity: Activity | None) -> None:
    assert parse(said) == activity


class Hands:
    """Does nothing but remember."""

    def __init__(self) -> None:
        self.timeouts: dict[int, float | None] = {7: HOUR, 8: None}
        self.servers: list[tuple[Owner, str, float]] = []
        self.says: dict[str, Activity | None] = {}
        self.told: list[str] = []
        self.ended: list[str] = []

    async def shortest(self) -> float | None:
        return min((each for each in self.timeouts.values() if each), default=None)

    async def timeout(self, owner: Owner) -> float | None:
        return self.timeouts[owner.id]

    async def quiet(self, before: datetime) -> Sequence[Quiet]:
        now = datetime.now(UTC)
        found = [Quiet(who, name, now - timedelta(seconds=s)) for who, name, s in self.servers]
        return [quiet for quiet in found if quiet.since < before]

    async def activity(self, owner: Owner, server: str) -> Activity | None:
        if server == "away":
            raise EngineUnreachable("It is away.")
        return self.says.get(server)

    async def tell(self, owner: Owner, server: str, words: str, id: str) -> bool:
        self.told.append(server)
        return True

    async def end(self, owner: Owner, server: str, due: StillDue, *, forget: bool) -> bool:
        assert not forget, "a server outlives its idleness"
        if await due():
            self.ended.append(server)
        return server in self.ended


async def test_the_labs_own_word_decides_and_each_is_looked_at_by_itself() -> None:
    hands = Hands()
    hands.servers = [(ANNA, name, 2 * HOUR) for name in ("away", "idle", "busy", "mute", "soon")]
    hands.servers += [(ANNA, "new", 60), (BEN, "free", 9 * HOUR)]
    hands.says = {
        "idle": Activity(2 * HOUR, busy=False),
        "busy": Activity(2 * HOUR, busy=True),
        "soon": Activity(HOUR - 60, busy=False),
        "new": Activity(2 * HOUR, busy=False),
        "free": Activity(9 * HOUR, busy=False),
    }
    culler = Culler(hands)
    await culler.look()
    await culler.look()
    assert set(hands.ended) == {"idle"}
    assert hands.told == ["soon"], "once"
    hands.says["soon"] = Activity(HOUR - 300, busy=False)
    await culler.look()
    assert hands.told == ["soon", "soon"], "it was used in between"


async def test_where_no_labs_are_stopped_nobody_is_asked() -> None:
    hands = Hands()
    hands.timeouts = {7: None}
    hands.servers = [(ANNA, "away", HOUR)]
    await Culler(hands).look()
