"""What a builder's output says about how far it is. Pure, but for telling a bar."""

from __future__ import annotations

import re
from typing import Protocol

# BuildKit's plain progress numbers each step: `#9 [lab 4/7] RUN ...`; podman says `STEP 4/7: RUN ...`.
_STEP = re.compile(r"(?:^#\d+ \[(?:[\w-]+ )?|^(?:\[\d+/\d+\] )?STEP )(\d+)/(\d+)[\]:]\s*(\w+)")
_PACKAGE = re.compile(r"(?:^|\s)Collecting ([A-Za-z0-9._-]+)")
_INSTALLING = re.compile(r"(?:^|\s)Installing collected packages")


class Bar(Protocol):
    """Shows how far the build is."""

    def __call__(self, detail: str) -> None:
        """Say what is being done now."""

    def advance(self, done: float, total: float) -> None:
        """Say how far it is."""


class Listener:
    """Hears what a builder says and tells the bar what it means.

    The step that installs ``packages`` takes nearly all the time: it counts as that many.
    """

    def __init__(self, bar: Bar, packages: int) -> None:
        self._bar = bar
        self._packages = packages
        self._seen = self._step = self._steps = 0

    def __call__(self, line: str) -> None:
        """Take one line of output."""
        if step := _STEP.search(line):
            self._step, self._steps = max(self._step, int(step[1])), int(step[2])
            self._bar(f"step {step[1]} of {step[2]}: {step[3]}")
        elif package := _PACKAGE.search(line):
            self._seen = min(self._seen + 1, self._packages)
            self._bar(f"{package[1]} ({self._seen} of {self._packages})")
        elif _INSTALLING.search(line):
            self._bar(f"installing {self._packages} packages")
        elif line.startswith(("making", "pulling", "I: ")):
            self._bar(line.removeprefix("I: "))
            return
        else:
            return
        self._bar.advance(self._step + self._seen, self._steps + self._packages)
