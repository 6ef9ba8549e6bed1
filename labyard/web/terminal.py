"""A terminal in JupyterLab, opened from outside it.

JupyterLab has no address for that. It has workspaces, though, which say what is open: one that holds a
terminal and nothing else is put there and opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from labyard.core.models import Lab
from labyard.web.asking import talk
from labyard.web.hub import Hub
from labyard.web.servers import Server

_NAME = re.compile(r"[A-Za-z0-9_]{1,20}")
_TOLD = {
    "note": "Labyard opens a terminal in the lab",
    "failed": "The lab did not open a terminal.",
    "remedy": "Open JupyterLab and choose Terminal there. An image without JupyterLab may have none.",
}


async def open_terminal(hub: Hub, token: str, user: str, server: Server, lab: Lab) -> str:
    """Start a terminal in ``user``'s running lab and return its address in the browser.

    Raises
    ------
    LabyardError
        When the lab or the hub does not answer.
    """
    async with talk(hub, token, user, server, lab, **_TOLD) as there:
        terminal = checked_name(await there.ask("POST", "api/terminals"))
        place = f"terminal-{terminal}"
        await there.ask("PUT", f"lab/api/workspaces/{place}", workspace(place, terminal))
    return f"{server.url}lab/workspaces/{place}"


def checked_name(answer: object) -> str:
    """Return the name of the terminal that a lab says it has started. Raises ``ValueError``."""
    name = answer.get("name") if isinstance(answer, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("no name of a terminal")
    return name


def workspace(name: str, terminal: str) -> Mapping[str, Any]:
    """Return a workspace in which one terminal is open."""
    widget = f"terminal:{terminal}"
    dock = {"type": "tab-area", "currentIndex": 0, "widgets": [widget]}
    return {
        "data": {
            "layout-restorer:data": {
                "main": {"dock": dock, "current": widget},
                "left": {"collapsed": True, "widgets": []},
                "right": {"collapsed": True, "widgets": []},
            },
            widget: {"data": {"name": terminal}},
        },
        "metadata": {"id": name},
    }
