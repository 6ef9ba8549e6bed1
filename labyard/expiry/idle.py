"""When a lab that nobody uses is stopped, and when its owner is told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil

from labyard.core.models import Owner

_LONGEST_NOTICE = 600.0  # seconds before the end; a quarter of the time, where that is less


@dataclass(frozen=True, slots=True)
class Quiet:
    """A running server of which the hub has heard nothing since ``since`` (aware, UTC)."""

    owner: Owner
    server: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """What a lab says of itself: ``quiet`` seconds without anybody, and whether it is ``busy``."""

    quiet: float
    busy: bool


class Due(StrEnum):
    """What is to be done about a lab."""

    NOTHING = "nothing"
    NOTICE = "notice"
    END = "end"


def told_after(timeout: float) -> float:
    """Return after how many quiet seconds the owner is told."""
    return timeout - min(_LONGEST_NOTICE, timeout / 4)


def due(activity: Activity | None, timeout: float | None) -> Due:
    """Return what is to be done after ``timeout`` seconds, None for ever.

    A lab that computes is in use, and so is one that does not say: nobody's work is lost by a guess.
    """
    if activity is None or timeout is None or activity.busy:
        return Due.NOTHING
    if activity.quiet >= timeout:
        return Due.END
    return Due.NOTICE if activity.quiet >= told_after(timeout) else Due.NOTHING


def announcement(server: str, rest: float) -> str:
    """Return what is said inside the lab ``rest`` seconds before: at most 140 characters."""
    name = f"The server {server[:30]}" if server else "Your server"
    minutes = max(1, ceil(rest / 60))
    left = f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{name} stops in {left}: nobody uses it. Your files stay. Run or save something to keep it."
