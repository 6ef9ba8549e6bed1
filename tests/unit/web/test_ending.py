"""The moment a server ends: who may do what until the hub is at it. A real lock, a hub of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labyard.core.errors import Busy, EngineUnreachable
from labyard.core.locks import UserLocks
from labyard.web.ending import ServiceHands
from labyard.web.hub import HubUnreachable
from labyard.web.servers import Person, Server
from labyard.web.turns import Turns
from tests.tools.audits import InMemory
from tests.unit.web.conftest import ANNA

StillDue = Callable[[], Awaitable[bool]]


class Hub:
    """Knows one server of anna's; takes a moment to begin a stop, and another to finish it."""

    def __init__(self, server: Server | None) -> None:
        self.server = server
        self.stops = 0
        self.asked, self.begin, self.over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.away = False

    async def person(self, token: str, name: str) -> Person:
        assert token == "service's"
        if self.away:
            raise HubUnreachable("It is away.")
        return Person(name, False, {self.server.name: self.server} if self.server else {})

    async def stop(self, token: str, user: str, server: str, *, remove: bool = False) -> None:
        self.stops += 1
        self.asked.set()
        await self.begin.wait()
        self.server = Server(server, ready=True, pending="stop")
        await asyncio.sleep(0.3)
        self.server = None if remove else Server(server)
        self.over.set()

    async def settled(self, *_: Any) -> Server | None:
        await self.over.wait()
        return self.server


class Place:
    """The hands, and what they hold."""

    def __init__(self, locks: UserLocks, server: Server | None) -> None:
        self.hub, self.locks, self.turns = Hub(server), locks, Turns()
        self.engine_away = False
        self.removed: list[str] = []
        engine = SimpleNamespace(stop=self._nothing, remove=self._remove)
        actions = SimpleNamespace(
            hub=self.hub, locks=locks, turns=self.turns, engine=engine, grace=1.0, lab=self._lab
        )
        nobody: Any = None
        self.hands = ServiceHands(actions, nobody, nobody, "service's", InMemory())  # type: ignore[arg-type]

    async def _lab(self, *_: Any) -> Any:
        if self.engine_away:
            raise EngineUnreachable("It is away.")
        return SimpleNamespace(name="lab-anna")

    async def _nothing(self, *_: Any) -> None: ...

    async def _remove(self, name: str) -> None:
        self.removed.append(name)


@pytest.fixture
def at(tmp_path: Path) -> Callable[[Server | None], Place]:
    return lambda server: Place(UserLocks(tmp_path), server)


async def due() -> bool:
    return True


async def not_any_more() -> bool:
    return False


async def test_nobody_starts_anything_until_the_hub_is_at_it(
    at: Callable[[Server | None], Place],
) -> None:
    place = at(Server("train", ready=True))
    ending = asyncio.create_task(place.hands.end(ANNA, "train", due, forget=True))
    await place.hub.asked.wait()
    with pytest.raises(Busy, match="ending train, whose time is over"):
        async with place.locks.hold(ANNA.id, "starting"):
            pass
    place.hub.begin.set()
    async with place.locks.hold(ANNA.id, "the hub's own stop", patience=5):
        assert place.hub.server is not None
        assert place.hub.server.pending == "stop"
    assert await ending
    assert place.hub.server is None


@pytest.mark.parametrize(
    ("server", "still", "error"),
    [
        (Server("train", ready=True), not_any_more, None),
        (Server("train", pending="spawn"), due, Busy),
        (Server("train", ready=True, pending="stop"), due, Busy),
    ],
)
async def test_what_is_not_due_or_on_its_way_is_left_alone(
    at: Callable[[Server | None], Place],
    server: Server,
    still: StillDue,
    error: type[Exception] | None,
) -> None:
    place = at(server)
    if error is None:
        assert not await place.hands.end(ANNA, "train", still, forget=True)
    else:
        with pytest.raises(error):
            await place.hands.end(ANNA, "train", still, forget=True)
    assert (place.hub.stops, place.removed) == (0, [])


@pytest.mark.parametrize("away", ["hub", "engine"])
async def test_nothing_is_done_while_one_of_them_is_away(
    at: Callable[[Server | None], Place], away: str
) -> None:
    place = at(Server("train", ready=True))
    place.hub.away, place.engine_away = away == "hub", away == "engine"
    with pytest.raises((HubUnreachable, EngineUnreachable)):
        await place.hands.end(ANNA, "train", due, forget=True)
    assert (place.hub.stops, place.removed) == (0, [])


async def test_nothing_is_done_while_its_owner_acts(
    at: Callable[[Server | None], Place],
) -> None:
    place = at(Server("train", ready=True))
    with place.turns.take(ANNA.id, "restarting"), pytest.raises(Busy):
        await place.hands.end(ANNA, "train", due, forget=True)
    async with place.locks.hold(ANNA.id, "starting"):
        with pytest.raises(Busy):
            await place.hands.end(ANNA, "train", due, forget=True)
    assert (place.hub.stops, place.removed) == (0, [])


@pytest.mark.parametrize("server", [None, Server("")])
async def test_of_a_server_that_is_stopped_only_leavings_go(
    at: Callable[[Server | None], Place], server: Server | None
) -> None:
    place = at(server)
    assert await place.hands.end(ANNA, "", due, forget=True)
    assert (place.hub.stops, place.removed) == (0, ["lab-anna"])
