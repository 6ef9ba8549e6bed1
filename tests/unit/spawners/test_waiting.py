"""Looks at labs that are starting: soon for one, seldom for each of a crowd."""

from __future__ import annotations

import asyncio

import pytest

from labyard.core.models import Lab, LabStatus
from labyard.spawners import waiting


class Engine:
    """Says what it is told to about one lab."""

    def __init__(self, lab: Lab) -> None:
        self.now = lab

    async def lab(self, name: str) -> Lab:
        return self.now

    async def logs(self, name: str, lines: int) -> str:
        return "ModuleNotFoundError: jupyterhub"


def lab(port: int, status: LabStatus = LabStatus.RUNNING, code: int | None = None) -> Lab:
    return Lab("1", "lab", status, "i", {}, exit_code=code, host="127.0.0.1", port=port)


async def test_it_returns_once_the_lab_listens_and_looks_no_more(unused_tcp_port: int) -> None:
    engine = Engine(lab(unused_tcp_port))
    task = asyncio.create_task(waiting.until_listening(engine, engine.now))  # type: ignore[arg-type]
    await asyncio.sleep(0.05)
    assert not task.done()
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", unused_tcp_port)
    async with server:
        await asyncio.wait_for(task, 5)
    assert waiting.pause() == pytest.approx(0.02)


async def test_a_lab_that_ended_is_told_with_its_last_words(unused_tcp_port: int) -> None:
    engine = Engine(lab(unused_tcp_port, LabStatus.STOPPED, 1))
    with pytest.raises(waiting.LabEndedError, match=r"exit code 1.*ModuleNotFoundError"):
        await waiting.until_listening(engine, engine.now)  # type: ignore[arg-type]


async def test_a_crowd_shares_the_looks(unused_tcp_port: int) -> None:
    engine = Engine(lab(unused_tcp_port))
    crowd = [
        asyncio.create_task(waiting.until_listening(engine, engine.now))  # type: ignore[arg-type]
        for _ in range(10)
    ]
    await asyncio.sleep(0.01)
    assert waiting.pause() == pytest.approx(0.2)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    assert waiting.pause() == pytest.approx(0.02)
