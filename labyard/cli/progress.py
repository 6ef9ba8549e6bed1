"""A bar for each long step on a terminal; a line for each elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from labyard.cli import output


class Bar:
    """One step under way: call it with a detail, tell it how far it is."""

    def __init__(self, bars: Bars, title: str, task: TaskID | None) -> None:
        self._bars = bars
        self._title = title
        self._task = task
        self._detail = ""

    def __call__(self, detail: str) -> None:
        """Say what is being done now, in a few words."""
        if detail != self._detail:
            self._detail = detail
            self._bars.tell(self._title, self._task, detail)

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

    def tell(self, title: str, task: TaskID | None, detail: str) -> None:
        """Show a step's detail."""
        if task is not None:
            self.progress.update(task, detail=detail)
        else:
            output.say(f"· {title}: {detail}")
