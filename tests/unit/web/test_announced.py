"""Asking a lab for its tools, over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from labyard.core.errors import EngineError
from labyard.core.models import Lab, LabStatus
from labyard.web.announced import Announcements
from labyard.web.hub import Hub
from tests.unit.web.conftest import running

MOST = 256 * 2**10


class Place:
    """A hub that makes a token for anything, and a lab that answers in two parts."""

    def __init__(self) -> None:
        self.said: tuple[bytes, bytes] = (b"", b"")
        self.asked_with: list[str] = []

    async def token(self, _: web.Request) -> web.Response:
        return web.json_response({"token": "narrow"}, status=201)

    async def tools(self, request: web.Request) -> web.StreamResponse:
        self.asked_with.append(request.headers["Authorization"])
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(self.said[0])
        await asyncio.sleep(0.05)
        await answer.write(self.said[1])
        return answer


@pytest.fixture
async def place() -> AsyncIterator[tuple[Place, Announcements, Lab]]:
    here, app = Place(), web.Application()
    app.router.add_post("/hub/api/users/anna/tokens", here.token)
    app.router.add_get("/user/anna/server-proxy/servers-info", here.tools)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server: Any = site._server
    port = server.sockets[0].getsockname()[1]
    hub = Hub(f"http://127.0.0.1:{port}/hub/api")
    lab = Lab("1", "l", LabStatus.RUNNING, "i", {}, host="127.0.0.1", port=port)
    yield here, Announcements(hub), lab
    await hub.close()
    await runner.cleanup()


async def test_an_answer_that_comes_in_parts_is_read_to_its_end(
    place: tuple[Place, Announcements, Lab],
) -> None:
    here, announcements, lab = place
    whole = json.dumps({"server_processes": [{"name": "glances"}, {"name": "mlflow"}]}).encode()
    here.said = whole[:20], whole[20:]
    told = await announcements.ask("own", "anna", running(), lab)
    assert [tool.name for tool in told] == ["glances", "mlflow"]
    assert here.asked_with == ["token narrow"]


async def test_an_answer_without_end_is_not_read_to_it(
    place: tuple[Place, Announcements, Lab],
) -> None:
    here, announcements, lab = place
    here.said = b'{"server_processes": []}', b" " * MOST
    with pytest.raises(EngineError, match="did not tell"):
        await announcements.ask("own", "anna", running(), lab)
