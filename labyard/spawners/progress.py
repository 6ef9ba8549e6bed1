"""What a start has done so far, told to whoever watches."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of step: its icon, where it begins on the bar (of 100), and whether each start has it."""

    name: str
    title: str
    icon: str
    begins: int
    always: bool = True


# In their order. A kind that not each start has is shown once it is told.
KINDS = (
    Kind("queued", "Waiting for a place", "hourglass-split", 0, always=False),
    Kind("preparing", "Preparing", "arrow-repeat", 0),
    Kind("pulling", "Fetching the image", "cloud-download", 5, always=False),
    Kind("creating", "Creating the lab", "arrow-repeat", 50),
    Kind("starting", "Starting the lab", "arrow-repeat", 60),
    Kind("waiting", "Waiting for JupyterLab", "arrow-repeat", 70),
)
_BEGINS = {kind.name: kind.begins for kind in KINDS}
_PULLED = _BEGINS["creating"]


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a start. ``done`` and ``total`` are bytes and set while pulling.

    ``since`` and ``elapsed`` are seconds from the start's beginning to the step's and to this moment.
    ``detail`` says why it takes long, ``log`` is what the lab wrote last: not to be trusted.
    """

    name: str
    message: str
    since: float
    elapsed: float
    done: int = 0
    total: int = 0
    detail: str = ""
    log: str = ""

    def as_event(self) -> dict[str, Any]:
        """Return the event that JupyterHub's progress API sends."""
        begin = _BEGINS[self.name]
        share = self.done / self.total if self.total else 0.0
        return {
            "progress": round(begin + share * (_PULLED - begin)),
            "message": self.message,
            "step": self.name,
            "done": self.done,
            "total": self.total,
            "since": round(self.since, 1),
            "elapsed": round(self.elapsed, 1),
            "detail": self.detail,
            "log": self.log,
        }


class Pace:
    """How long starts have taken lately, those left out that fetched an image."""

    def __init__(self) -> None:
        self._lately: deque[float] = deque(maxlen=20)

    def note(self, progress: Progress) -> None:
        """Count a start that has just succeeded."""
        if all(step.name != "pulling" for step in progress.steps):
            self._lately.append(progress.elapsed)

    @property
    def usual(self) -> float | None:
        """Return the median in seconds; None before there are three."""
        return statistics.median(self._lately) if len(self._lately) >= 3 else None


class Progress:
    """The steps of one start. Any number may watch, from the beginning or late."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._steps: list[Step] = []
        self._over = False
        self._changed = asyncio.Event()

    @property
    def elapsed(self) -> float:
        """Return the seconds since the start began."""
        return time.monotonic() - self._begun

    @property
    def steps(self) -> Sequence[Step]:
        """Return the last word on every step so far."""
        return tuple(self._steps)

    def tell(self, name: str, message: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done now. A further word on the same step replaces the last."""
        now = self.elapsed
        self._put(Step(name, message, now, now, done, total))

    def add(self, detail: str, log: str = "") -> None:
        """Say more about the step that is under way."""
        if self._steps:
            self._put(replace(self._steps[-1], detail=detail, log=log, elapsed=self.elapsed))

    @contextmanager
    def if_slow(self, seconds: float, detail: str) -> Iterator[None]:
        """Say ``detail`` about the step under way when the block is not over after ``seconds``."""
        later = asyncio.get_running_loop().call_later(seconds, self.add, detail)
        try:
            yield
        finally:
            later.cancel()

    def end(self) -> None:
        """Let the watchers go."""
        self._over = True
        self._wake()

    def _put(self, step: Step) -> None:
        if self._steps and self._steps[-1].name == step.name:
            self._steps[-1] = replace(step, since=self._steps[-1].since)
        else:
            self._steps.append(step)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def watch(self) -> AsyncIterator[dict[str, Any]]:
        """Yield every step so far, then each new one, until the end."""
        position, shown = 0, None
        while True:
            changed = self._changed
            while position < len(self._steps):
                step = self._steps[position]
                if step is not shown:
                    shown = step
                    yield step.as_event()
                elif position + 1 < len(self._steps):
                    position += 1
                else:
                    break
            if self._over:
                return
            await changed.wait()
