"""A Jupyter Server extension that looks every few seconds whether there is room to save anything.

It tells whoever works here, at once, and the platform through the report.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient

from labyard_lab import hub, report, rooms
from labyard_lab.home import MOUNTS

_LOOK = 4.0  # seconds
_TRY = 15  # looks between two that write: a quota is not seen otherwise
_LONGEST = 140  # characters of a notice
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


async def _watch(server: Any) -> None:
    home, before, looks = Path.home(), {}, 0
    while True:
        closed = any(state != "low" for state in before.values())
        found = await asyncio.to_thread(_look, home, closed or looks % _TRY == 0)
        looks += 1
        now = {str(room.path): room.state for room in found if room.state in _WORDS}
        if now != before:
            largest = [size for path in now for size in await asyncio.to_thread(_sizes, path)]
            await asyncio.to_thread(_report, found, largest)
            for room in found:
                if room.state in _WORDS and before.get(str(room.path)) != room.state:
                    await _tell(server, *words(room, home, largest))
            before = now
        await asyncio.sleep(_LOOK)


def _look(home: Path, write: bool) -> list[rooms.Room]:
    return [rooms.look(path, write=write) for path in rooms.volumes(home, MOUNTS.read_text())]


def _sizes(path: str) -> list[tuple[str, int]]:
    return rooms.largest(Path(path))


def _report(found: list[rooms.Room], largest: list[tuple[str, int]]) -> None:
    """Say how it stands. Where scratch takes nothing either, it is the whole disk that is full."""
    scratch = rooms.look(report.file().parent, write=True)
    report.rooms(found, largest, disk=scratch.state == "full")


def words(room: rooms.Room, home: Path, largest: list[tuple[str, int]]) -> tuple[str, str]:
    """Return the kind of notice and its words, in 140 characters."""
    kind, text = _WORDS[room.state]
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
