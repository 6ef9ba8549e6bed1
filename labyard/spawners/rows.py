"""The steps of a start as its page draws them before any script runs. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from labyard.core.units import show_bytes
from labyard.spawners.progress import KINDS, Kind, Step


@dataclass(frozen=True, slots=True)
class Row:
    """One step: ``state`` is ``todo``, ``now`` or ``done``; ``took`` is empty until it is done."""

    kind: Kind
    state: str = "todo"
    detail: str = ""
    took: str = ""

    @property
    def shown(self) -> bool:
        """Return whether it is drawn: what not each start has appears once it is told."""
        return self.kind.always or self.state != "todo"


@dataclass(frozen=True, slots=True)
class StartPage:
    """What the starting page shows at first; its script goes on from there.

    ``words`` is the page's log, ``said`` what the lab wrote last (not to be trusted), ``bar`` how far
    the start is, of 100, and ``elapsed`` whole seconds since it began.
    """

    rows: Sequence[Row]
    words: str
    said: str
    bar: int
    elapsed: int
    usual: str


def start_page(steps: Sequence[Step], elapsed: float, usual: float | None) -> StartPage:
    """Return the page of a start; ``usual`` is how many seconds others took."""
    last = steps[-1] if steps else None
    return StartPage(
        rows=rows(steps),
        words=words(steps),
        said=last.log if last else "",
        bar=int(last.as_event()["progress"]) if last else 0,
        elapsed=int(elapsed),
        usual="" if usual is None else f"Usually {math.ceil(usual)} s.",
    )


def rows(steps: Sequence[Step]) -> list[Row]:
    """Return a row for each kind of step, in their order."""
    took = {one.name: next_.since - one.since for one, next_ in pairwise(steps)}
    told = {step.name: step for step in steps}
    current = steps[-1].name if steps else ""
    return [_row(kind, told.get(kind.name), current, took) for kind in KINDS]


def seconds(value: float) -> str:
    """Return seconds as people read them."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def words(steps: Sequence[Step]) -> str:
    """Return the log of the page: a line for each step."""
    return "".join(f"{seconds(step.since)}  {step.message}\n" for step in steps)


def _row(kind: Kind, step: Step | None, current: str, took: dict[str, float]) -> Row:
    if step is None:
        return Row(kind)
    if step.name == current:
        return Row(kind, "now", _detail(step))
    return Row(kind, "done", took=seconds(took[step.name]))


def _detail(step: Step) -> str:
    if step.total:
        return f"{show_bytes(step.done)} of {show_bytes(step.total)}"
    return step.detail
