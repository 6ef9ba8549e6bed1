"""What is kept of failed attempts: over restarts, reboots and clocks that somebody sets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import OperationalError

from labyard.auth import kept as module
from labyard.auth.kept import Kept, this_boot
from labyard.auth.limits import Limits
from labyard.auth.throttle import Bucket, Key, Throttle, TooMany, uptime
from labyard.core.store import Store, prepare
from labyard.core.tables import buckets as table

WINDOW = 30.0
KEY = Key("address", "192.0.2.1", 3)


@dataclass
class Machine:
    """A machine whose hub is restarted and that is booted now and then; ``real`` is true time."""

    store: Store
    real: float = 0.0
    booted: float = 0.0
    boots: int = 0
    accepted: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.store.write() as connection:
            connection.execute(delete(table))
        self.start()

    def start(self) -> None:
        throttle = Throttle(WINDOW, secret=b"secret", clock=lambda: self.real - self.booted)
        kept = Kept(self.store, WINDOW, boot=str(self.boots))
        self.limits = Limits(throttle, kept, throttle.clock())

    def reboot(self, off: float) -> None:
        self.real += off
        self.booted = self.real
        self.boots += 1
        self.start()

    async def fails(self) -> bool:
        """Try a wrong password; return whether it was looked at."""
        try:
            await self.limits.enter(KEY)
        except TooMany:
            return False
        self.limits.keep(KEY)
        await self.limits.written()
        self.accepted.append(self.real)
        return True


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path_factory.mktemp('limits')}/labyard.sqlite"
    prepare(url)
    made = Store(url)
    yield made
    made.close()


seconds = st.floats(0, 2 * WINDOW)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("fail"), st.integers(1, 6)),
        st.tuples(st.just("wait"), seconds),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("reboot"), seconds),
        st.tuples(st.just("set the clock"), st.floats(-1e8, 4e9)),
    ),
    max_size=12,
)


@given(steps=steps)
@settings(max_examples=50)
def test_no_clock_opens_it_and_none_shuts_anybody_out(
    store: Store, steps: list[tuple[str, float]]
) -> None:
    machine = Machine(store)

    async def live() -> None:
        wall = 1.8e9
        for what, amount in steps:
            with patch("time.time", lambda wall=wall: wall):
                match what:
                    case "fail":
                        for _ in range(int(amount)):
                            await machine.fails()
                    case "wait":
                        machine.real += amount
                    case "restart":
                        machine.start()
                    case "reboot":
                        machine.reboot(amount)
                    case _:
                        wall = amount
        for first, begun in enumerate(machine.accepted):
            since = machine.accepted[first:]
            leaked = (since[-1] - begun) * KEY.most / WINDOW
            assert len(since) <= KEY.most + leaked + 1e-6
        machine.real += WINDOW / KEY.most + 1e-3
        assert await machine.fails()  # whatever happened, one share of the window is enough
        machine.real += WINDOW + 1e-3
        for _ in range(KEY.most):
            assert await machine.fails()

    asyncio.run(live())


async def test_a_restart_forgets_nothing_and_good_attempts_are_not_written(store: Store) -> None:
    machine = Machine(store)
    assert [await machine.fails() for _ in range(5)] == [True] * 3 + [False] * 2
    machine.start()
    assert not await machine.fails()
    with store.read() as connection:
        (row,) = connection.execute(select(table)).all()
    assert "192.0.2.1" not in str(row)

    other = Key("address", "192.0.2.2", 3)
    await machine.limits.enter(other)
    machine.limits.forgive(other)
    await machine.limits.written()
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(table)) == 1


async def test_twenty_at_once_after_a_restart_do_not_slip_in(store: Store) -> None:
    machine = Machine(store)
    await machine.fails()
    machine.start()
    assert sum(await asyncio.gather(*(machine.fails() for _ in range(20)))) == 2


async def test_a_time_of_another_namespace_shuts_nobody_out(store: Store) -> None:
    machine = Machine(store)
    with store.write() as connection:
        digest = Throttle(WINDOW, secret=b"secret").digest(KEY)
        row = {"digest": digest, "level": 500.0, "at": 1e9, "boot": "0"}
        connection.execute(insert(table).values(row))
    assert not await machine.fails()
    machine.real += WINDOW / KEY.most
    assert await machine.fails()


def test_the_table_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BETWEEN", 100)
    monkeypatch.setattr(module, "MOST_BUCKETS", 250)
    Machine(store)
    kept = Kept(store, WINDOW, boot="1")
    for turn in range(5):
        kept.save({f"{turn}-{n}": Bucket(1.0, turn / 10 + n / 1000) for n in range(100)}, 1.0)
    found = kept.load(1.0, 0.0)
    assert len(found) == 250
    assert list(found)[-1] == "4-99"
    assert kept.load(WINDOW + 1.0, 0.0) == {}


async def test_a_database_that_is_away_lets_nobody_try_more(store: Store) -> None:
    machine = Machine(store)
    away = OperationalError("insert", {}, Exception("away"))
    with patch.object(Kept, "save", side_effect=away):
        assert [await machine.fails() for _ in range(4)] == [True] * 3 + [False]
    machine.real += WINDOW / KEY.most
    assert await machine.fails()
    machine.start()
    assert not await machine.fails()


def test_the_machines_own_clock_is_the_kernels() -> None:
    assert this_boot() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert 0 <= uptime() - float(Path("/proc/uptime").read_text().split()[0]) < 60
