"""What a start has done so far, told to whoever watches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

# Where each step begins on the bar, of 100.
_BEGINS = {"preparing": 0, "pulling": 5, "creating": 50, "starting": 60, "waiting": 70}


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a start. ``done`` and ``total`` are bytes and set while pulling."""

    name: str
    message: str
    elapsed: float
    done: int = 0
    total: int = 0

    def as_event(self) -> dict[str, Any]:
        """Return the event that JupyterHub's progress API sends."""
        begin = _BEGINS[self.name]
        share = self.done / self.total if self.total else 0.0
        return {
            "progress": round(begin + share * (_BEGINS["creating"] - begin)),
            "message": self.message,
            "step": self.name,
            "done": self.done,
            "total": self.total,
            "elapsed": round(self.elapsed, 1),
        }


class Progress:
    """The steps of one start. Any number may watch, from the beginning or late."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._steps: list[Step] = []
        self._over = False
        self._changed = asyncio.Event()

    def tell(self, name: str, message: str, done: int = 0, total: int = 0) -> None:
        """Say what is being done now. A further word on the same step replaces the last."""
        step = Step(name, message, time.monotonic() - self._begun, done, total)
        if self._steps and self._steps[-1].name == name:
            self._steps[-1] = step
        else:
            self._steps.append(step)
        self._wake()

    def end(self) -> None:
        """Let the watchers go."""
        self._over = True
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
