"""Web tools of a lab behind the hub's sign-in: jupyter-server-proxy starts them when first opened.

They listen on loopback inside the lab, and jupyter-server-proxy lets in who the lab lets in.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Tool:
    """One tool: the package that brings it, its command, and how it is shown.

    In ``command``, ``{port}`` and ``{base_url}`` are filled in by jupyter-server-proxy. ``port`` 0 takes
    a free one. ``absolute`` tools are told the path they live under.
    """

    package: str
    title: str
    command: tuple[str, ...]
    port: int = 0
    absolute: bool = False


TOOLS = {
    "mlflow": Tool(
        "mlflow",
        "MLflow",
        (
            *(sys.executable, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", "{port}"),
            *("--workers", "1", "--backend-store-uri", "sqlite:///mlflow.db"),
            *("--default-artifact-root", "mlartifacts"),
        ),
        port=5000,  # where MLFLOW_TRACKING_URI says it is
    ),
    "tensorboard": Tool(
        "tensorboard",
        "TensorBoard",
        (
            *(sys.executable, "-m", "tensorboard.main", "--host", LOOPBACK, "--port", "{port}"),
            *("--logdir", "{logdir}", "--path_prefix", "{base_url}tensorboard"),
        ),
        absolute=True,
    ),
    "glances": Tool(
        "glances",
        "Glances",
        (
            *(sys.executable, "-m", "glances", "--webserver", "--bind", LOOPBACK),
            *("--port", "{port}", "--disable-autodiscover", "--disable-check-update"),
        ),
    ),
}


def enabled(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return jupyter-server-proxy's entries for the tools that ``ENABLE_SERVICE_*`` switches on."""
    logdir = environment.get("TENSORBOARD_LOGDIR", "/tmp/tensorboard")
    return {
        name: _entry(name, tool, logdir)
        for name, tool in TOOLS.items()
        if environment.get(f"ENABLE_SERVICE_{name.upper()}") == "1"
    }


def _entry(name: str, tool: Tool, logdir: str) -> dict[str, Any]:
    there = importlib.util.find_spec(tool.package) is not None
    missing = (sys.executable, "-m", "labyard_lab.missing", "{port}", name, tool.title)
    command = [part.replace("{logdir}", logdir) for part in (tool.command if there else missing)]
    return {
        "command": command,
        "port": tool.port if there else 0,
        "timeout": 60,
        "absolute_url": tool.absolute and there,
        "launcher_entry": {"title": tool.title},
        "new_browser_tab": True,
    }
