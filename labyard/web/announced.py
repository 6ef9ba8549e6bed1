"""Which web tools a lab announces: what jupyter-server-proxy in it is set up for.

Its answer is believed to be a short list of names and titles, and nothing else of it is used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from urllib.parse import quote

from labyard.core.models import Lab
from labyard.web.asking import talk
from labyard.web.hub import Hub
from labyard.web.servers import Server

_BELIEVED = 30.0  # seconds
_REMEMBERED = 3600.0
_MOST_TOOLS = 30
_TOLD = {
    "note": "Labyard asks the lab for its tools",
    "failed": "The lab did not tell which tools it has.",
    "remedy": "Try again in a moment.",
}
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
            async with talk(self._hub, token, user, server, lab, **_TOLD) as there:
                tools = parse(await there.ask("GET", "server-proxy/servers-info"))
            said = self._said[lab.id] = (now, tools)
        return said[1]


def address(server: Server, tool: Announced) -> str:
    """Return the address of a tool in the browser."""
    return server.url + quote(tool.path, safe="/~")
