"""VS Code in the browser, where the image has a program that serves it.

It listens on a socket that only the lab's own user can open, so it asks nobody to sign in again.
"""

from __future__ import annotations

import shutil
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

NAME = "vscode"
TITLE = "VS Code"

# In order of preference. jupyter-server-proxy fills in the socket; the folder that opens comes last.
_PROGRAMS = {
    "code-server": (
        *("--auth", "none", "--socket", "{unix_socket}", "--socket-mode", "600"),
        *("--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"),
        "{home}",
    ),
    "openvscode-server": (
        *("--without-connection-token", "--socket-path", "{unix_socket}"),
        *("--telemetry-level", "off", "--accept-server-license-terms"),
        *("--default-folder", "{home}"),
    ),
}


def brought() -> bool:
    """Return whether a package, such as jupyter-vscode-proxy, brings an entry of its own."""
    return bool(entry_points(group="jupyter_serverproxy_servers", name=NAME))


def entry() -> dict[str, Any] | None:
    """Return jupyter-server-proxy's entry; None without a program, or where a package brings one."""
    home = str(Path.home()).replace("{", "{{").replace("}", "}}")
    for program, arguments in _PROGRAMS.items():
        if (path := shutil.which(program)) and not brought():
            return {
                "command": [path, *(part.replace("{home}", home) for part in arguments)],
                "unix_socket": True,
                "timeout": 60,
                "launcher_entry": {"title": TITLE},
                "new_browser_tab": True,
            }
    return None
