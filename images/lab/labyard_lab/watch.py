"""A Jupyter Server extension that looks every few seconds whether there is room to save anything.

It tells whoever works here, at once, and the platform through the report.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient

from labyard_lab import hub, report, rooms
from labyard_lab.home import MOUNTS

_LOOK = 2.0  # seconds
_SURE = 30  # looks between two that take room, whatever the file system says
_LONGEST = 140  # characters of a notice
_DISK = "The engine's disk is full: nothing can be saved. Tell your administrator."
_WORDS = {
    "low": ("warning", "is nearly full. Delete what you do not need."),
    "full": ("error", "is full: nothing can be saved. Delete what you do not need."),
    "read-only": ("error", "can only be read, nothing can be saved. Tell your administrator."),
}


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    hub.wait(2.0)  # before anybody is let in
    server.io_loop.add_callback(_watch, server)


@dataclass(frozen=True)
class State:
    """How directories stand, those of which something is to be said, and whether the disk is full."""

    rooms: Mapping[Path, str] = field(default_factory=dict)
    disk: bool = False


async def _watch(server: Any) -> None:
    home, before, looks = Path.home(), State(), rooms.Looks()
    for count in itertools.count():
        found, disk = await asyncio.to_thread(_look, looks, home, count % _SURE == 0)
        worth = [room for room in found if room.state in _WORDS]
        now = State({room.path: room.state for room in worth}, disk)
        if now != before:
            await asyncio.to_thread(report.rooms, found, disk=disk)  # at once: adding up takes time
            largest = [s for r in worth for s in await asyncio.to_thread(rooms.largest, r.path)]
            await asyncio.to_thread(report.rooms, found, largest, disk=disk)
            new = [r for r in worth if (before.rooms.get(r.path), before.disk) != (r.state, disk)]
            for kind, told in dict.fromkeys(words(r, home, largest, disk=disk) for r in new):
                await _tell(server, kind, told)
            before = now
        await asyncio.sleep(_LOOK)


def _look(looks: rooms.Looks, home: Path, sure: bool) -> tuple[list[rooms.Room], bool]:
    """Return the rooms, and whether it is the engine's disk that is full: scratch takes nothing either."""
    found = [looks.look(path, sure=sure) for path in rooms.volumes(home, MOUNTS.read_text())]
    scratch = looks.look(report.file().parent)
    disk = scratch.state == "full"
    return ([*found, scratch] if disk and not any(map(rooms.closed, found)) else found), disk


def words(
    room: rooms.Room, home: Path, largest: list[tuple[str, int]], *, disk: bool = False
) -> tuple[str, str]:
    """Return the kind of notice and its words, in 140 characters."""
    kind, text = _WORDS[room.state]
    if disk and room.state == "full":
        return kind, _DISK
    mine = [Path(path).name for path, _ in largest if Path(path).parent == room.path]
    name = "Your home" if room.path == home else f"The volume {room.path.name}"
    told = f"{name} {text}" + (f" The largest: {', '.join(mine[:3])}" if mine else "")
    return kind, told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"


async def _tell(server: Any, kind: str, message: str) -> None:
    """Show a notice here, as jupyterlab_notifications_extension takes it."""
    notice = {"message": message, "type": kind, "autoClose": False, "immediate": True}
    try:
        await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{server.port}{server.base_url}jupyterlab-notifications-extension/ingest",
            method="POST",
            body=json.dumps(notice),
            headers={"Authorization": f"token {server.identity_provider.token}"},
        )
    except Exception as error:
        server.log.warning("A notice could not be shown: %s (%s)", message, error)
