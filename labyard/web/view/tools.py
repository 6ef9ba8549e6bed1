"""The web tools of a lab as links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from labyard.core.errors import Refused
from labyard.settings.schema import Settings
from labyard.web.announced import Announced, address
from labyard.web.servers import Server

_TOOLS = {
    "tensorboard": ("TensorBoard", "graph-up"),
    "mlflow": ("MLflow", "clipboard-data"),
    "glances": ("Glances", "speedometer2"),
    "vscode": ("VS Code", "code-slash"),
}
_ICONS = {
    **{name: icon for name, (_, icon) in _TOOLS.items()},
    **dict.fromkeys(("code-server", "openvscode", "openvscode-server"), "code-slash"),
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A web tool inside a running lab."""

    title: str
    icon: str
    url: str


def view_tools(
    server: Server, settings: Settings, announced: Sequence[Announced] | None = None
) -> tuple[Tool, ...]:
    """Return the tools that the lab announced; before it was asked, those that settings switch on."""
    if announced is not None:
        return tuple(
            Tool(tool.title, _ICONS.get(tool.name, "window"), address(server, tool))
            for tool in announced
        )
    enabled = settings.labs.services
    return tuple(
        Tool(title, icon, f"{server.url}{name}/")
        for name, (title, icon) in _TOOLS.items()
        if getattr(enabled, name)
    )


def port_address(server: Server, port: str) -> str:
    """Return where what listens on a port inside the lab is found.

    Raises
    ------
    Refused
        When that cannot be a port.
    """
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise Refused(
            f"{port!r} is not a port.",
            remedy="Type the number of a port, 1 to 65535, such as 8050.",
        )
    return f"{server.url}proxy/{quote(str(int(port)))}/"
