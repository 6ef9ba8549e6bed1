"""Which web tools a lab announces: what jupyter-server-proxy in it is set up for.

A lab runs its owner's programs. It is asked with a token made for this question, good for that lab
alone and for half a minute; the one the owner acts with never reaches it. Its answer is believed to be
a short list of names and titles, and nothing else of it is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from labyard.core.errors import EngineError
from labyard.core.models import Lab
from labyard.web.hub import Hub, Server

_BELIEVED = 30.0  # seconds
_REMEMBERED = 3600.0
_TOKEN_LIFE = 30  # seconds
_PATIENCE = aiohttp.ClientTimeout(total=5.0)
_MOST_BYTES = 256 * 2**10
_MOST_TOOLS = 30
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_PATH = re.compile(r"[A-Za-z0-9_+~-][A-Za-z0-9._+~/-]{0,199}")


@dataclass(frozen=True, slots=True)
class Announced:
    """One tool: its name, how the lab calls it, and where below the server it is."""

    name: str
    title: str
    path: str


def parse(answer: object) -> tuple[Announced, ...]:
    """Return the tools in jupyter-server-proxy's list; what is not as it should be is left out."""
    entries = answer.get("server_processes") if isinstance(answer, dict) else None
    found = map(_tool, entries if isinstance(entries, list) else ())
    return tuple(tool for tool in found if tool is not None)[:_MOST_TOOLS]


def _tool(entry: object) -> Announced | None:
    if not isinstance(entry, dict):
        return None
    name, shown = entry.get("name"), entry.get("launcher_entry")
    shown = shown if isinstance(shown, dict) else {}
    if not isinstance(name, str) or not _NAME.fullmatch(name) or shown.get("enabled") is False:
        return None
    return Announced(name, _title(shown.get("title")) or name, _path(shown.get("path_info"), name))


def _title(title: object) -> str:
    words = "".join(c if c.isprintable() else " " for c in title) if isinstance(title, str) else ""
    return " ".join(words.split())[:60]


def _path(path: object, name: str) -> str:
    if isinstance(path, str) and _PATH.fullmatch(path) and ".." not in path and "//" not in path:
        return path
    return f"{name}/"


class Announcements:
    """Asks labs, and remembers for a while what they said, by the labs' ids."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._said: dict[str, tuple[float, tuple[Announced, ...]]] = {}

    def known(self, lab: str) -> Sequence[Announced] | None:
        """Return what a lab last said, None if it was never asked. Asks nobody."""
        said = self._said.get(lab)
        return None if said is None else said[1]

    async def ask(self, token: str, user: str, server: Server, lab: Lab) -> Sequence[Announced]:
        """Return what ``user``'s running lab announces; asks it twice a minute at most.

        Raises
        ------
        LabyardError
            When the lab or the hub does not answer.
        """
        now = monotonic()
        self._said = {k: said for k, said in self._said.items() if now - said[0] < _REMEMBERED}
        said = self._said.get(lab.id)
        if said is None or now - said[0] > _BELIEVED:
            tools = parse(await self._fetch(token, user, server, lab))
            said = self._said[lab.id] = (now, tools)
        return said[1]

    async def _fetch(self, token: str, user: str, server: Server, lab: Lab) -> object:
        path = urlsplit(server.url).path
        narrow = await self._hub.make_token(
            token,
            user,
            note="Labyard asks the lab for its tools",
            scopes=[f"access:servers!server={user}/{server.name}"],
            life=_TOKEN_LIFE,
        )
        try:
            return await _get(
                f"http://{lab.host}:{lab.port}{path}server-proxy/servers-info", narrow
            )
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
            raise EngineError(
                "The lab did not tell which tools it has.", remedy="Try again in a moment."
            ) from None


async def _get(url: str, token: str) -> object:
    headers: Mapping[str, Any] = {"Authorization": f"token {token}", "Accept": "application/json"}
    async with (
        aiohttp.ClientSession(timeout=_PATIENCE) as session,
        session.get(url, headers=headers, allow_redirects=False) as answer,
    ):
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        content = bytearray()
        async for chunk in answer.content.iter_any():
            content += chunk
            if len(content) > _MOST_BYTES:
                raise ValueError("more than a list of tools is long")
    return json.loads(content)


def address(server: Server, tool: Announced) -> str:
    """Return the address of a tool in the browser."""
    return server.url + quote(tool.path, safe="/~")
