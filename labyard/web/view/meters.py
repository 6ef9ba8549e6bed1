"""What a running lab uses now, and in the last ten minutes, beside what it may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from labyard.core.models import Usage
from labyard.core.units import show_bytes
from labyard.web.view.words import cores

_HIGH = 0.85
_OLD = 5.0  # seconds
_SHOWN = timedelta(minutes=10)


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


@dataclass(frozen=True, slots=True)
class Meters:
    """The figures of a running lab; empty before the first. ``age`` is in seconds."""

    each: tuple[Meter, ...] = ()
    age: float = 0.0

    @property
    def old(self) -> bool:
        """Return whether they may be wrong by now."""
        return self.age > _OLD

    @property
    def brief(self) -> str:
        """Return all of them in a few words, without what there is at most."""
        return " · ".join(f"{meter.title} {meter.value}" for meter in self.each)


def view_meters(
    samples: Sequence[Usage], cpu: float | None, memory: int | None, now: datetime
) -> Meters:
    """Return the meters of a lab that may use ``cpu`` cores and ``memory`` bytes; None is no limit."""
    if not samples:
        return Meters()
    last = samples[-1]
    each = (
        Meter(
            "CPU",
            _few(last.cpu),
            f"of {cores(cpu)}" if cpu else "cores",
            _percent(last.cpu, cpu),
            _spark(samples, lambda usage: usage.cpu, cpu, now),
        ),
        Meter(
            "Memory",
            show_bytes(last.memory),
            f"of {show_bytes(memory)}" if memory else "",
            _percent(last.memory, memory),
            _spark(samples, lambda usage: usage.memory, memory, now),
        ),
    )
    return Meters(each, max(0.0, (now - last.taken).total_seconds()))


def _few(cpu: float) -> str:
    """Return a number of cores, with two decimals where one would hide what moves."""
    return f"{cpu:.2f}" if cpu < 1 else f"{cpu:.1f}"


def _percent(value: float, limit: float | None) -> int | None:
    return min(100, round(100 * value / limit)) if limit else None


def _spark(
    samples: Sequence[Usage], value: Callable[[Usage], float], limit: float | None, now: datetime
) -> str:
    """Return the points of a line in a box of 100 by 28, or nothing for fewer than two values.

    The box is ten minutes wide: a lab that was just started draws a short line at its right end.
    """
    shown = [usage for usage in samples if now - usage.taken <= _SHOWN]
    if len(shown) < 2:
        return ""
    top = limit or max(map(value, shown)) or 1.0
    return " ".join(
        f"{100 - 100 * ((now - usage.taken) / _SHOWN):.1f},{27 - 26 * min(1.0, value(usage) / top):.1f}"
        for usage in shown
    )
