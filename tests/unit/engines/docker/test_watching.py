"""What the engine tells of a lab while it is being looked at, over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from labyard.core.models import Happening
from labyard.core.names import Names
from labyard.engines.docker.connect import Connection
from labyard.engines.docker.watching import Watch

LAB = {
    "Name": "/yard-anna",
    "Config": {"Labels": Names("yard").lab_labels(7, "anna", "")},
    "State": {"Running": True},
    "HostConfig": {},
}


class Answering:
    """An engine with one lab, a look at which takes until ``go_on``."""

    def __init__(self) -> None:
        self.looked, self.go_on = asyncio.Event(), asyncio.Event()
        self.tells: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.read = asyncio.Event()

    async def version(self, _: web.Request) -> web.Response:
        return web.json_response({"ApiVersion": "1.41"})

    async def labs(self, _: web.Request) -> web.Response:
        return web.json_response([{"Id": "one"}])

    async def lab(self, _: web.Request) -> web.Response:
        self.looked.set()
        await self.go_on.wait()
        return web.json_response(LAB)

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            line = await self.tells.get()
            await response.write(json.dumps(line).encode() + b"\n")
            self.read.set()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[tuple[Answering, Connection]]:
    answering, socket = Answering(), tmp_path / "engine.sock"
    app = web.Application()
    app.router.add_get("/version", answering.version)
    app.router.add_get("/v1.41/events", answering.events)
    app.router.add_get("/v1.41/containers/json", answering.labs)
    app.router.add_get("/v1.41/containers/one/json", answering.lab)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(socket)).start()
    connection = Connection(f"unix://{socket}", 10)
    yield answering, connection
    await connection.close()
    await runner.cleanup()


async def test_an_end_while_its_lab_is_first_looked_at_is_told(
    engine: tuple[Answering, Connection],
) -> None:
    answering, connection = engine
    earlier = {"gone": 3}
    async with asyncio.timeout(20), aclosing(Watch(connection, "yard", earlier).events()) as told:
        ended = asyncio.ensure_future(anext(told))
        await answering.looked.wait()
        answering.tells.put_nowait(
            {"Action": "die", "Actor": {"ID": "one", "Attributes": {"exitCode": "3"}}}
        )
        await answering.read.wait()
        await asyncio.sleep(0.2)  # it has come
        answering.go_on.set()
        event = await ended
        assert (event.kind, event.lab, event.exit_code) == (Happening.ENDED, "yard-anna", 3)
        for _ in range(100):
            if not earlier:
                break
            await asyncio.sleep(0.05)
        assert earlier == {}  # of what is not there any more nothing is kept
