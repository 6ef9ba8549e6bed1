"""How long somebody may keep a connection for what does not come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, stream_request_body

from labyard.core.errors import Refused
from labyard.settings.schema import Settings, Uploads
from labyard.web import incoming, kept
from labyard.web.handlers import receiving
from labyard.web.handlers.base import JsonHandler, SignInNeeded
from labyard.web.incoming import Patience
from labyard.web.kept import Kept, NoRoom
from tests.tools.audits import InMemory

SETTINGS = Settings(uploads=Uploads(max_size=2**18))


def test_a_sender_is_not_silent_for_long_and_a_few_bytes_buy_nothing() -> None:
    silent = Patience(0)
    assert silent.left(0) == 60
    dripping, now = Patience(0), 0.0
    while dripping.left(now) > 0:
        now += 10
        dripping.came(1, now)
        dripping.go_on(now)
    assert now <= 70


def test_whoever_sends_enough_may_pause_as_often_as_they_like() -> None:
    patience, now = Patience(0), 0.0
    for _ in range(100):
        now += 50
        patience.came(64 * 1024, now)
        patience.go_on(now)
    assert patience.left(now) == 60


def test_whoever_is_held_up_here_loses_nothing() -> None:
    patience = Patience(0)
    patience.came(1, 30)
    assert patience.left(3000) > 29
    patience.go_on(3000)
    assert patience.left(3020) == pytest.approx(10, abs=0.1)


def test_files_on_their_way_never_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Kept(tmp_path)
    held.write(b"x" * 3 * 2**20)
    assert (held.size, b"".join(held.read())) == (3 * 2**20, b"x" * 3 * 2**20)
    assert not list(tmp_path.iterdir()), "it has no name, so nothing is left of it"
    monkeypatch.setattr(kept, "_SPARE", 2**60)
    with pytest.raises(NoRoom, match="nearly full"):
        held.write(b"x")
    held.close()


@stream_request_body
class Probe(receiving.Receiving, JsonHandler):
    """Takes whatever comes, from somebody who is known if the address says so."""

    def initialize(self, parts: Any, ends: list[str]) -> None:
        super().initialize(parts)
        self.ends = ends

    async def prepare(self) -> None:
        self.known = self.request.path == "/known"
        self.expect()

    async def receive(self) -> int:
        count = 0
        try:
            async for chunk in self.incoming:
                count += len(chunk)
                if chunk == b"who":
                    raise SignInNeeded("You are signed out.")
                if chunk == b"bad":
                    raise Refused("The form is damaged.")
        except Refused as error:
            self.ends.append(str(error))
            raise
        return count

    async def post(self) -> None:
        self.reply({"bytes": await self.outcome()})


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[int, list[str]]]:
    monkeypatch.setattr(receiving, "_UNKNOWN", 0.3)
    monkeypatch.setattr(incoming, "_SILENCE", 10)
    ends: list[str] = []
    given = {"parts": SimpleNamespace(settings=SETTINGS, auth=None, audit=InMemory()), "ends": ends}
    server = HTTPServer(Application([(r"/.*", Probe, given)]))
    socket, port = bind_unused_port()
    server.add_socket(socket)
    yield port, ends
    server.stop()


async def talk(port: int, path: str, *said: bytes | float, length: int = 1000) -> tuple[int, Any]:
    """Send a request's beginning, bytes and pauses in turn, and return what is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
    for one in said:
        if isinstance(one, bytes):
            writer.write(one)
            await writer.drain()
        else:
            await asyncio.sleep(one)
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.read() if length == 1000 else await reader.read(1000)
    writer.close()
    return int(head.split()[1]), json.loads(body)


async def test_a_stranger_who_does_not_say_who_they_are_is_cut_off(
    served: tuple[int, list[str]],
) -> None:
    port, ends = served
    status, words = await talk(port, "/stranger", b"x")
    assert (status, words["error"]) == (408, "too-slow")
    await asyncio.sleep(0)
    assert ends == [str(incoming.broken_off())], "and nothing waits for them any more"


@pytest.mark.parametrize(("said", "status"), [(b"who", 401), (b"bad", 400)])
async def test_a_stranger_is_told_at_once_whatever_is_wrong(
    served: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch, said: bytes, status: int
) -> None:
    monkeypatch.setattr(receiving, "_UNKNOWN", 3600)
    assert (await talk(served[0], "/stranger", said))[0] == status


async def test_what_has_no_length_is_told_that_it_is_too_much(
    served: tuple[int, list[str]],
) -> None:
    port, ends = served
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /known HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(5):
        writer.write(b"10000\r\n" + bytes(2**16) + b"\r\n")
        await writer.drain()
    async with asyncio.timeout(20):
        assert b" 413 " in await reader.readline()
    writer.close()
    assert ends == [str(incoming.broken_off())], "and what was begun is undone"


async def test_somebody_known_may_take_longer_than_a_stranger(
    served: tuple[int, list[str]],
) -> None:
    kilobyte = bytes(1024)
    patient = await talk(served[0], "/known", kilobyte, 0.5, kilobyte, length=2048)
    assert patient == (200, {"bytes": 2048})


async def test_somebody_known_may_not_be_silent(
    served: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "_SILENCE", 0.3)
    port, ends = served
    status, words = await talk(port, "/known", b"x")
    assert (status, words["error"]) == (408, "too-slow")
    assert ends == [str(incoming.broken_off())]
