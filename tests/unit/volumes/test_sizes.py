"""Which volumes are measured when, and that measuring stands back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labyard.core.models import Lab, LabStatus, Size, Volume
from labyard.core.names import USER_ID, Names
from labyard.engines.local.engine import LocalEngine
from labyard.volumes.sizes import Measured, Sizes, due, fresh, goes, used

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
NAMES = Names("yard")


def measured(minutes: float, *, whole: bool = True) -> Measured:
    return Measured(Size(1, 1, whole), NOW - timedelta(minutes=minutes))


def test_what_nobody_can_have_changed_is_left_alone() -> None:
    known = {
        "idle": measured(600),
        "used": measured(6),
        "fresh": measured(4),
        "old": measured(1500),
    }
    there = {*known, "new"}
    assert due(there, known, {"used", "fresh"}, (), NOW) == ["new", "old", "used"]
    assert due(there, known, {"used", "fresh"}, {"idle"}, NOW)[0] == "idle"
    assert due({"idle"}, known, (), (), NOW) == []


def test_a_round_is_bounded_and_takes_the_longest_unmeasured() -> None:
    there = {f"v{n:04}" for n in range(1000)}
    known = {name: measured(2000 + int(name[1:])) for name in there}
    assert due(there, known, (), (), NOW)[0] == "v0999"
    assert len(due(there, known, (), (), NOW)) == 200


def test_large_ones_keep_nobody_waiting() -> None:
    names = [f"v{n}" for n in range(45)]
    known = {"v3": measured(10, whole=False)}
    found = list(goes(names, known))
    assert [len(go) for go, _ in found] == [20, 20, 4, 1]
    assert found[-1][0] == ["v3"]
    assert found[-1][1] > found[0][1]


def test_volumes_of_running_labs_and_shared_ones_are_in_use() -> None:
    mine, other, shared = (
        Volume(n, {USER_ID: i} if i else {})
        for n, i in (("mine", "1"), ("other", "2"), ("shared", ""))
    )
    lab = Lab("i", "l", LabStatus.RUNNING, "image", {USER_ID: "1"})
    assert set(used([mine, other, shared], [lab])) == {"mine", "shared"}
    stopped = Lab("i", "l", LabStatus.STOPPED, "image", {USER_ID: "1"})
    assert set(used([mine, other, shared], [stopped])) == set()


class Engine(LocalEngine):
    """The local engine, which says what it was asked to measure, and may be made slow."""

    slow = False

    def __init__(self, root: Path) -> None:
        super().__init__("yard", root, root)
        self.asked: list[Sequence[str]] = []
        self.begun = asyncio.Event()

    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        self.asked.append(volumes)
        self.begun.set()
        if self.slow:
            await asyncio.Event().wait()
        return await super().measure(volumes, seconds)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    for key in ("home", "cache"):
        (tmp_path / "volumes" / f"yard-anna_{key}").mkdir(parents=True)
        labels = '{"org.labyard.installation": "yard", "org.labyard.user-id": "1"}'
        (tmp_path / "volumes" / f"yard-anna_{key}.labels.json").write_text(labels)
    (tmp_path / "volumes" / "yard-anna_home" / "big").write_bytes(bytes(100_000))
    return Engine(tmp_path)


async def test_a_round_measures_once(engine: Engine) -> None:
    sizes = Sizes(engine, NAMES)
    await sizes.round()
    await sizes.round()
    assert engine.asked == [["yard-anna_cache", "yard-anna_home"]]
    assert sizes.known["yard-anna_home"].size.bytes >= 100_000
    assert sizes.known["yard-anna_cache"].size.files == 0
    sizes.soon(["yard-anna_home"])
    assert sizes.under_way == {"yard-anna_home"}
    await sizes.round()
    assert engine.asked[1:] == [["yard-anna_home"]]
    assert not sizes.under_way


async def test_asking_again_measures_no_more(engine: Engine) -> None:
    sizes, home = Sizes(engine, NAMES), "yard-anna_home"
    assert sizes.ask([home]) == {home} == sizes.ask([home])
    engine.slow = True
    work = asyncio.create_task(sizes.round())
    await engine.begun.wait()
    assert sizes.ask([home]) == {home}, "it is under way"
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    engine.slow = False
    await sizes.round()
    assert not sizes.ask([home]), "it was measured a moment ago"
    await sizes.round()
    assert len(engine.asked) == 2


def test_what_took_minutes_is_left_in_peace_for_longer() -> None:
    assert fresh(measured(0.4), NOW)
    assert not fresh(measured(0.6), NOW)
    assert fresh(measured(29, whole=False), NOW)
    assert not fresh(measured(31, whole=False), NOW)
    assert not fresh(None, NOW)


async def test_measuring_stands_back_for_a_volume_that_goes(engine: Engine) -> None:
    sizes = Sizes(engine, NAMES)
    engine.slow = True
    round_ = asyncio.create_task(sizes.round())
    await engine.begun.wait()
    async with sizes.standing_back(["yard-anna_home"]):
        await round_  # broken off
        engine.slow = False
        await sizes.round()
        assert engine.asked[-1] == ["yard-anna_cache"]
        await engine.remove_volume("yard-anna_home")
    await sizes.round()
    assert set(sizes.known) == {"yard-anna_cache"}


async def test_an_engine_that_fails_leaves_what_is_known(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sizes = Sizes(engine, NAMES)
    await sizes.round()
    (tmp_path / "volumes" / "yard-anna_home.labels.json").write_text("{")
    await sizes.round()
    assert sizes.error is not None
    assert set(sizes.known) == {"yard-anna_home", "yard-anna_cache"}
    (tmp_path / "volumes" / "yard-anna_home.labels.json").unlink()
    await sizes.round()
    assert sizes.error is None


async def test_what_is_asked_for_during_a_round_is_measured_after_it(engine: Engine) -> None:
    sizes = Sizes(engine, NAMES)
    running = asyncio.create_task(sizes.run())
    async with asyncio.timeout(20):
        await engine.begun.wait()
        engine.begun.clear()
        sizes.soon(["yard-anna_home"])
        await engine.begun.wait()
    assert engine.asked[1:] == [["yard-anna_home"]]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
