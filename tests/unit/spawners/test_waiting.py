"""Looks at labs that are starting: soon for one, seldom for each of a crowd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from labyard.core.models import Lab, LabStatus
from labyard.spawners import waiting
from labyard.spawners.diagnosis import LabFailed
from labyard.spawners.waiting import Expected

EXPECTED = Expected("/user/anna/", "6.1.1", patience=20)
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Engine:
    """Says what it is told to about one lab."""

    def __init__(self, lab: Lab, log: str = "") -> None:
        self.now, self.log = lab, log

    async def lab(self, name: str) -> Lab:
        return self.now

    async def logs(self, name: str, lines: int) -> str:
        return self.log


def lab(port: int, status: LabStatus = LabStatus.RUNNING, code: int | None = None) -> Lab:
    return Lab("1", "lab", status, "i", {}, exit_code=code, host="127.0.0.1", port=port)


def until(
    engine: Engine, expected: Expected = EXPECTED, told: list[str] | None = None
) -> Awaitable[None]:
    heard = [] if told is None else told
    return waiting.until_answering(
        engine,  # type: ignore[arg-type]
        engine.now,
        expected,
        lambda detail, log: heard.append(f"{detail}|{log}"),
    )


@asynccontextmanager
async def serving(port: int, *headers: str, status: str = "200 OK") -> AsyncIterator[None]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline():
            lines = [
                f"HTTP/1.1 {status}",
                *headers,
                "Content-Length: 0",
                "Connection: close",
                "",
                "",
            ]
            writer.write("\r\n".join(lines).encode())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield


async def test_it_returns_once_the_lab_answers_and_looks_no_more(unused_tcp_port: int) -> None:
    engine = Engine(lab(unused_tcp_port))
    task = asyncio.ensure_future(until(engine))
    await asyncio.sleep(0.05)
    assert not task.done()
    async with serving(unused_tcp_port, "X-JupyterHub-Version: 6.0.9"):
        await asyncio.wait_for(task, 5)
    assert waiting.pause() == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("headers", "code"),
    [((), "no-singleuser"), (("X-JupyterHub-Version: 5.4.0",), "version-mismatch")],
)
async def test_who_answers_has_to_be_a_lab_of_this_hub(
    unused_tcp_port: int, headers: tuple[str, ...], code: str
) -> None:
    async with serving(unused_tcp_port, *headers):
        with pytest.raises(LabFailed) as failed:
            await until(Engine(lab(unused_tcp_port)))
    assert failed.value.code == code


async def test_a_lab_that_ended_is_told_with_its_last_words(unused_tcp_port: int) -> None:
    engine = Engine(lab(unused_tcp_port, LabStatus.STOPPED, 1), "Traceback\nZeroDivisionError: 1/0")
    with pytest.raises(LabFailed, match="exit code 1") as failed:
        await until(engine)
    assert failed.value.code == "lab-ended"
    assert failed.value.said.endswith("ZeroDivisionError: 1/0")


async def test_a_lab_that_never_answers_is_told_when_patience_ends(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_READ_LOG", 0.1)
    monkeypatch.setattr(waiting, "_LONG", 0.1)
    told: list[str] = []
    async with serving(unused_tcp_port, status="503 Not yet"):
        with pytest.raises(LabFailed) as failed:
            await until(
                Engine(lab(unused_tcp_port), "loading"), Expected("/", "6.1.1", patience=1.2), told
            )
    assert failed.value.code == "never-listened"
    assert "answers nothing" in failed.value.why
    assert told[0] == "Its port is open, but nothing answers there yet.|loading"


async def test_a_crowd_shares_the_looks(unused_tcp_port: int) -> None:
    engine = Engine(lab(unused_tcp_port))
    crowd = [asyncio.ensure_future(until(engine)) for _ in range(10)]
    await asyncio.sleep(0.01)
    assert waiting.pause() == pytest.approx(0.2)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    assert waiting.pause() == pytest.approx(0.02)
