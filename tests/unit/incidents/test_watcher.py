"""The watcher goes on, whatever a report is."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labyard.core import causes
from labyard.core.models import Happening, Lab, LabEvent, LabStatus
from labyard.core.names import USER_ID
from labyard.engines.local.engine import LocalEngine
from labyard.incidents import reading, watcher
from labyard.incidents.board import Board
from labyard.incidents.incident import Incident

LAB = Lab("id", "yard-anna", LabStatus.RUNNING, "image", {USER_ID: "7"})
FULL = b'{"rooms": [{"path": "/home/lab", "state": "full"}]}'


class Engine(LocalEngine):
    """The local engine with one lab, whose report fails once in a way that nobody foresaw."""

    def __init__(self, root: Path) -> None:
        super().__init__("yard", root, root)
        self.reports = iter((EOFError("odd"), FULL))

    async def labs(self) -> Sequence[Lab]:
        return [LAB]

    async def lab(self, name: str) -> Lab | None:
        return LAB

    async def watch(self) -> AsyncGenerator[LabEvent, None]:
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    async def report(self, name: str) -> bytes:
        given = next(self.reports, FULL)
        if isinstance(given, Exception):
            raise given
        return given


class Starting(Engine):
    """The same, which tells of a start when it is let."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.starts = asyncio.Event()

    async def watch(self) -> AsyncGenerator[LabEvent, None]:
        await self.starts.wait()
        yield LabEvent(Happening.STARTED, LAB.name, LAB.labels, datetime.now(UTC))
        await asyncio.Event().wait()


async def test_of_a_start_whoever_keeps_what_runs_is_told_and_the_last_end_is_over(
    tmp_path: Path,
) -> None:
    engine, board, told = Starting(tmp_path), Board(), asyncio.Semaphore(0)
    work = asyncio.create_task(watcher.Watcher(engine, board, changed=told.release).run())
    try:
        async with asyncio.timeout(10):
            await told.acquire()  # it has begun to watch
            board.put(Incident(causes.ENDED_BY_ITSELF, 7, "", datetime.now(UTC)))
            engine.starts.set()
            await told.acquire()
            await asyncio.sleep(0)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    assert board.of(7, datetime.now(UTC)) == []


async def test_a_report_that_fails_oddly_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_SOON", (0.01, 0.01))
    told = asyncio.Event()

    async def tell(lab: str, incident: Incident) -> None:
        told.set()

    board = Board()
    work = asyncio.create_task(watcher.Watcher(Engine(tmp_path), board, tell).run())
    try:
        async with asyncio.timeout(10):
            await told.wait()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    assert [one.cause.code for one in board.of(7, datetime.now(UTC))] == ["home-full"]


async def test_a_question_that_breaks_off_is_asked_again_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_SOON", (0.01, 0.01))
    monkeypatch.setattr(reading, "_BREATH", 0.0)
    answers = itertools.chain.from_iterable((b"%d" % n, None) for n in itertools.count())

    async def ask(lab: Lab, known: bytes) -> bytes | None:
        return next(answers)

    async with (
        asyncio.timeout(10),
        aclosing(reading.Reports(Engine(tmp_path), ask).of(LAB.name)) as told,
    ):
        while await anext(told) != b"9":
            pass


async def test_a_lab_that_does_not_wait_for_news_is_asked_less_and_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_SOON", (0.01,))
    monkeypatch.setattr(reading, "_BREATH", 0.01)
    asked = []

    async def ask(lab: Lab, known: bytes) -> bytes | None:
        asked.append(known)
        return b"the same"

    async with aclosing(reading.Reports(Engine(tmp_path), ask).of(LAB.name)) as told:
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while True:
                    await anext(told)
    assert 3 < len(asked) < 20, "a hundred, if it were asked as often as one that waits"
