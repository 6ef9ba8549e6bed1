"""A bar for each long step on a terminal; a line for each elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from labyard.cli import output

_BETWEEN_LINES = 5.0  # seconds, so that a log is not a line for each package


class Bar:
    """One step under way: call it with a detail, tell it how far it is."""

    def __init__(self, bars: Bars, title: str, task: TaskID | None) -> None:
        self._bars = bars
        self._title = title
        self._task = task
        self._detail = ""
        self._quiet_until = 0.0

    def __call__(self, detail: str) -> None:
        """Say what is being done now, in a few words."""
        if detail == self._detail:
            return
        self._detail = detail
        if self._task is not None:
            self._bars.progress.update(self._task, detail=detail)
        elif time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + _BETWEEN_LINES
            output.say(f"· {self._title}: {detail}")

    def advance(self, done: float, total: float) -> None:
        """Say how far it is; ``total`` is 0 while unknown."""
        if self._task is not None and total > 0:
            self._bars.progress.update(self._task, completed=min(done, total), total=total)


class Bars:
    """The steps of one run, below each other."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or output.console()
        self._live = self._console.is_terminal
        self.progress = Progress(
            SpinnerColumn(finished_text="✔"),
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}", style="dim", markup=False),
            console=self._console,
        )

    def __enter__(self) -> Bars:
        if self._live:
            self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self.progress.stop()

    @contextmanager
    def step(self, title: str) -> Iterator[Bar]:
        """Show ``title`` while the step runs, a tick when it is done."""
        began = time.monotonic()
        task = self.progress.add_task(title, total=None, detail="") if self._live else None
        bar = Bar(self, title, task)
        yield bar
        if task is not None:
            self.progress.update(task, total=1, completed=1)
        else:
            output.say(f"✔ {title} ({time.monotonic() - began:.1f} s)")
