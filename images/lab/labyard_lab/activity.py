"""A Jupyter Server extension that says how long nobody has worked here, and whether anything computes.

A cell that runs for hours without a word is work, and so is a program in a terminal's foreground.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from labyard_lab import seal
from labyard_lab.sealed import Sealed


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.web_app.add_handlers(".*$", [(seal.ACTIVITY, Activity)])


class Activity(Sealed):
    """Answers ``{"quiet": seconds, "busy": ...}``."""

    def post(self) -> None:
        """Say it."""
        quiet = (datetime.now(UTC) - self.application.last_activity()).total_seconds()
        kernels = self.settings["kernel_manager"]
        terminals = getattr(self.settings.get("terminal_manager"), "terminals", {})
        busy = any(map(computes, kernels._kernels.values())) or any(map(runs, terminals.values()))
        self.finish({"quiet": quiet, "busy": busy})


def computes(kernel: Any) -> bool:
    """Return whether a kernel is in the middle of something."""
    return getattr(kernel, "execution_state", "") == "busy"


def runs(terminal: Any) -> bool:
    """Return whether a terminal has a program in its foreground that is not its shell."""
    try:
        return os.tcgetpgrp(terminal.ptyproc.fd) != terminal.ptyproc.pid
    except (AttributeError, OSError):
        return False
