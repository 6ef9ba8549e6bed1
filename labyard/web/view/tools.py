"""The web tools of a lab as links."""

from __future__ import annotations

from dataclasses import dataclass

from labyard.settings.schema import Settings
from labyard.web.hub import Server

_TOOLS = {
    "tensorboard": ("TensorBoard", "graph-up"),
    "mlflow": ("MLflow", "clipboard-data"),
    "glances": ("Glances", "speedometer2"),
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A web tool inside a running lab."""

    title: str
    icon: str
    url: str


def view_tools(server: Server, settings: Settings) -> tuple[Tool, ...]:
    """Return the tools that the settings switch on."""
    enabled = settings.labs.services
    return tuple(
        Tool(title, icon, f"{server.url}{name}/")
        for name, (title, icon) in _TOOLS.items()
        if getattr(enabled, name)
    )
