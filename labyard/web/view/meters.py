"""What a running lab uses now, and lately, beside what it may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labyard.core.models import Usage
from labyard.core.units import show_bytes
from labyard.web.view.words import cores

_HIGH = 0.85


@dataclass(frozen=True, slots=True)
class Meter:
    """One figure of a running lab. ``percent`` is None without a limit; ``spark`` is SVG points."""

    title: str
    value: str
    of: str
    percent: int | None
    spark: str

    @property
    def high(self) -> bool:
        """Return whether little is left."""
        return self.percent is not None and self.percent >= 100 * _HIGH


def view_meters(
    samples: Sequence[Usage], cpu: float | None, memory: int | None
) -> tuple[Meter, ...]:
    """Return the meters of a lab that may use ``cpu`` cores and ``memory`` bytes; None is no limit."""
    if not samples:
        return ()
    now = samples[-1]
    return (
        Meter(
            "CPU",
            f"{now.cpu:.1f}",
            f"of {cores(cpu)}" if cpu else "cores",
            _percent(now.cpu, cpu),
            _spark([s.cpu for s in samples], cpu),
        ),
        Meter(
            "Memory",
            show_bytes(now.memory),
            f"of {show_bytes(memory)}" if memory else "",
            _percent(now.memory, memory),
            _spark([s.memory for s in samples], memory),
        ),
    )


def _percent(value: float, limit: float | None) -> int | None:
    return min(100, round(100 * value / limit)) if limit else None


def _spark(values: Sequence[float], limit: float | None) -> str:
    """Return the points of a line in a box of 100 by 28, or nothing for fewer than two values."""
    if len(values) < 2:
        return ""
    top = limit or max(values) or 1.0
    step = 100 / (len(values) - 1)
    return " ".join(
        f"{i * step:.1f},{27 - 26 * min(1.0, value / top):.1f}" for i, value in enumerate(values)
    )
