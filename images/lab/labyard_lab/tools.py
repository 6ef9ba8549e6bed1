"""Web tools of a lab behind the hub's sign-in: jupyter-server-proxy starts them when first opened.

They listen on loopback inside the lab, and jupyter-server-proxy lets in who the lab lets in.
"""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labyard_lab import vscode

LOOPBACK = "127.0.0.1"
MLFLOW = "http://localhost:5000"  # where kernels look for it, unless the port is taken


@dataclass(frozen=True)
class Tool:
    """One tool: the package that brings it, its command, and how it is shown.

    In ``command``, ``{port}`` and ``{base_url}`` are filled in by jupyter-server-proxy, the rest by
    :func:`enabled`. ``absolute`` tools are told the path they live under.
    """

    package: str
    title: str
    command: tuple[str, ...]
    absolute: bool = False


TOOLS = {
    "mlflow": Tool(
        "mlflow",
        "MLflow",
        (
            *("mlflow", "server", "--host", LOOPBACK, "--port", "{port}", "--workers", "{workers}"),
            *("--backend-store-uri", "sqlite:///{store}/mlflow.db"),
            *("--artifacts-destination", "{store}/artifacts"),
            *("--allowed-hosts", "*"),
        ),
    ),
    "tensorboard": Tool(
        "tensorboard",
        "TensorBoard",
        (
            *("tensorboard.main", "--host", LOOPBACK, "--port", "{port}"),
            *("--logdir", "{logdir}", "--path_prefix", "{base_url}tensorboard"),
        ),
        absolute=True,
    ),
    "glances": Tool(
        "glances",
        "Glances",
        (
            *("glances", "--webserver", "--bind", LOOPBACK, "--port", "{port}"),
            *("--disable-autodiscover", "--disable-check-update"),
        ),
    ),
}


def enabled(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return jupyter-server-proxy's entries for the tools that ``ENABLE_SERVICE_*`` switches on.

    VS Code is there wherever the image has it.
    """
    entries = {
        name: _entry(name, tool, environment)
        for name, tool in TOOLS.items()
        if _switched_on(name, environment)
    }
    if code := vscode.entry():
        entries[vscode.NAME] = code
    elif _switched_on(vscode.NAME, environment) and not vscode.brought():
        entries[vscode.NAME] = _shown(_missing(vscode.NAME, vscode.TITLE), vscode.TITLE)
    return entries


def _switched_on(name: str, environment: Mapping[str, str]) -> bool:
    return environment.get(f"ENABLE_SERVICE_{name.upper()}") == "1"


def address(entry: Mapping[str, Any]) -> str:
    """Return where a kernel reaches the tool of an entry with a port of its own."""
    return f"http://localhost:{entry['port']}"


def _entry(name: str, tool: Tool, environment: Mapping[str, str]) -> dict[str, Any]:
    there = _installed(tool.package)
    command = tool.command if there else _missing(name, tool.title)
    return {
        **_shown([_filled(part, environment) for part in command], tool.title),
        "port": free_port(int(environment.get("MLFLOW_PORT", "5000"))) if name == "mlflow" else 0,
        "absolute_url": tool.absolute and there,
    }


def _shown(module: Sequence[str], title: str) -> dict[str, Any]:
    return {
        "command": [sys.executable, "-m", *module],
        "timeout": 60,
        "launcher_entry": {"title": title},
        "new_browser_tab": True,
    }


def _missing(name: str, title: str) -> tuple[str, ...]:
    """Return the command of the page which says that the image lacks a tool."""
    return ("labyard_lab.missing", "{port}", name, title)


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _filled(part: str, environment: Mapping[str, str]) -> str:
    """Fill in what the environment says; other braces are jupyter-server-proxy's."""
    said = {
        "{workers}": environment.get("MLFLOW_WORKERS", "1"),
        "{store}": str(Path(environment.get("HOME", "/home/lab")) / ".mlflow"),
        "{logdir}": environment.get("TENSORBOARD_LOGDIR", "/tmp/tensorboard"),
    }
    for name, value in said.items():
        part = part.replace(name, value.replace("{", "{{").replace("}", "}}"))
    return part


def free_port(wanted: int) -> int:
    """Return ``wanted`` if nobody listens there, else a port that is free."""
    for port in (wanted, 0):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(one.getsockname()[1])
    raise OSError("No port is free.")
