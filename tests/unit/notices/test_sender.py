"""What the sender makes of a lab's answer, over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from labyard.core.models import Lab, LabStatus, Owner, ServerRef
from labyard.core.names import Names
from labyard.notices.asking import Asker
from labyard.notices.keys import Keys
from labyard.notices.models import Notice, Outcome
from labyard.notices.seal import KEY, PATH, REPORT, SEAL, TIME, holds
from labyard.notices.sender import Sender

KEYS = Keys(b"s" * 32)
NOTICE = Notice("Maintenance at 18:00.")


class Listening:
    """A lab that answers ``status`` with what it ``says``, in two parts, and keeps what it was sent."""

    def __init__(self) -> None:
        self.status, self.says = 200, b""
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.given = KEYS.hand_over(ServerRef(Owner(7, "anna"), "train"))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.heard.append((dict(request.headers), await request.read()))
        headers = {"Location": "/elsewhere"}
        if not self.says:
            return web.Response(status=self.status, headers=headers)
        response = web.StreamResponse(status=self.status, headers=headers)
        await response.prepare(request)
        await response.write(self.says[:1])
        await asyncio.sleep(0.05)
        await response.write(self.says[1:])
        return response

    def lab(self, port: int) -> Lab:
        labels = {**Names("yard").lab_labels(7, "anna", "train"), **self.given.labels}
        return Lab("1", "l", LabStatus.RUNNING, "i", labels, host="127.0.0.1", port=port)


@pytest.fixture
async def place() -> AsyncIterator[tuple[Listening, Lab]]:
    listening = Listening()
    app = web.Application()
    app.router.add_post(PATH, listening.answer)
    app.router.add_post(REPORT, listening.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server: Any = site._server
    yield listening, listening.lab(server.sockets[0].getsockname()[1])
    await runner.cleanup()


async def test_a_lab_gets_the_words_and_a_seal_but_no_key(place: tuple[Listening, Lab]) -> None:
    listening, lab = place
    assert await Sender(KEYS).send(lab, NOTICE, id="once") is Outcome.SHOWN
    ((headers, body),) = listening.heard
    assert json.loads(body) == {**NOTICE.as_json(), "immediate": True, "id": "once"}
    key = listening.given.secrets[KEY]
    assert holds(key, headers[SEAL], headers[TIME], float(headers[TIME]), body)
    assert key not in str(headers) + body.decode()
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, Outcome.REFUSED),
        (403, Outcome.UNABLE),
        (404, Outcome.UNABLE),
        (501, Outcome.UNABLE),
        (302, Outcome.UNREACHABLE),
        (500, Outcome.UNREACHABLE),
    ],
)
async def test_an_answer_is_told(
    status: int, outcome: Outcome, place: tuple[Listening, Lab]
) -> None:
    listening, lab = place
    listening.status = status
    assert await Sender(KEYS).send(lab, NOTICE) is outcome
    assert len(listening.heard) == 1


async def test_a_lab_that_cannot_hear_is_told_apart(place: tuple[Listening, Lab]) -> None:
    listening, lab = place
    for deaf, outcome in (
        (replace(lab, status=LabStatus.STOPPED), Outcome.STOPPED),
        (replace(lab, labels=Names("yard").lab_labels(8, "ben", "")), Outcome.UNABLE),
        (replace(lab, port=1), Outcome.UNREACHABLE),
    ):
        assert await Sender(KEYS).send(deaf, NOTICE) is outcome
    assert not listening.heard


@pytest.mark.parametrize(
    ("status", "says", "news"),
    [
        (200, b"{}", b"{}"),
        (204, b"", b"known"),
        (200, b"x" * 5000, None),
        (401, b"", None),
        (302, b"", None),
    ],
)
async def test_a_question_gets_what_is_new_bounded(
    status: int, says: bytes, news: bytes | None, place: tuple[Listening, Lab]
) -> None:
    listening, lab = place
    listening.status, listening.says = status, says
    assert await Asker(KEYS).news(lab, b"known") == news
    ((headers, body),) = listening.heard
    assert body == hashlib.sha256(b"known").hexdigest().encode()
    assert holds(listening.given.secrets[KEY], headers[SEAL], headers[TIME], time.time(), body)


async def test_a_lab_that_does_not_listen_is_not_waited_for(place: tuple[Listening, Lab]) -> None:
    _, lab = place
    for one in (replace(lab, port=1), replace(lab, host=None), replace(lab, labels={})):
        assert await Asker(KEYS).news(one, b"") is None
