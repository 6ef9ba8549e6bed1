"""Asking a running lab something for its owner.

A lab runs its owner's programs. It is asked with a token made for the question, good for that lab
alone and for half a minute; the one the owner acts with never reaches it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from labyard.core.errors import EngineError
from labyard.core.models import Lab
from labyard.web.hub import Hub
from labyard.web.servers import Server

_TOKEN_LIFE = 30  # seconds
_PATIENCE = aiohttp.ClientTimeout(total=5.0)
_MOST_BYTES = 256 * 2**10


@dataclass(frozen=True, slots=True)
class Talk:
    """Questions to one lab."""

    _session: aiohttp.ClientSession
    _url: str

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the lab's answer, None for an empty one. ``path`` is below the server.

        Nothing in it is to be believed.

        Raises
        ------
        ValueError
            When it is no success, too long, or not JSON.
        """
        async with self._session.request(
            method, self._url + path, json=body, allow_redirects=False
        ) as answer:
            if not 200 <= answer.status < 300:
                raise ValueError(f"status {answer.status}")
            content = bytearray()
            async for chunk in answer.content.iter_any():
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise ValueError("more than an answer is long")
        return json.loads(content) if content else None


@asynccontextmanager
async def talk(
    hub: Hub,
    token: str,
    user: str,
    server: Server,
    lab: Lab,
    *,
    note: str,
    failed: str,
    remedy: str,
) -> AsyncIterator[Talk]:
    """Talk to ``user``'s running lab. ``note`` is what the list of tokens says of it.

    Raises
    ------
    LabyardError
        When the lab does not answer as it should, with ``failed`` and ``remedy``; or the hub does not.
    """
    narrow = await hub.make_token(
        token,
        user,
        note=note,
        scopes=[f"access:servers!server={user}/{server.name}"],
        life=_TOKEN_LIFE,
    )
    headers = {"Authorization": f"token {narrow}", "Accept": "application/json"}
    url = f"http://{lab.host}:{lab.port}{urlsplit(server.url).path}"
    try:
        async with aiohttp.ClientSession(timeout=_PATIENCE, headers=headers) as session:
            yield Talk(session, url)
    except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
        raise EngineError(failed, remedy=remedy) from None
