"""What a lab's own program says of it (``engines.base.Engine.report``). From inside the lab: no trust.

``{"rooms": [{"path", "state", "free", "size", "largest": [[path, bytes], …]}], "skew": seconds}``
where ``state`` is ``full``, ``low``, ``read-only`` or ``disk`` (the whole disk is full).
``images/lab/labyard_lab/report.py`` is the other end.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labyard.core import causes
from labyard.core.units import show_bytes
from labyard.core.visible import visible
from labyard.incidents.incident import Incident

_SKEW = 60  # seconds that nobody notices
_MOST_SKEW = 1e10  # seconds, three centuries: more is no clock's doing
_MOST_SHOWN = 3
_CAUSES = {
    "full": causes.HOME_FULL,
    "low": causes.HOME_NEARLY_FULL,
    "read-only": causes.HOME_READ_ONLY,
    "disk": causes.DISK_FULL,
}

Path = Annotated[str, Field(max_length=200)]
Bytes = Annotated[int, Field(ge=0, le=2**62)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Room(_Strict):
    """How a directory of the lab stands. ``largest`` are the largest things in it, largest first."""

    path: Path
    state: Literal["full", "low", "read-only", "disk"]
    free: Bytes = 0
    size: Bytes = 0
    largest: Annotated[list[tuple[Path, Bytes]], Field(max_length=10)] = []


class Report(_Strict):
    """All a lab said. ``skew`` is how many seconds its clock is ahead of the hub's."""

    rooms: Annotated[list[Room], Field(max_length=10)] = []
    skew: Annotated[float, Field(ge=-_MOST_SKEW, le=_MOST_SKEW)] = 0.0


def read(content: bytes) -> Report:
    """Return what ``content`` says; what cannot be read says nothing."""
    try:
        return Report.model_validate_json(content or b"{}")
    except ValidationError:
        return Report()


def of_report(report: Report, user_id: int, server: str, now: datetime) -> list[Incident]:
    """Return what a person is told while a lab's report stays so."""
    found: dict[str, Incident] = {}
    for room in report.rooms:
        cause = _CAUSES[room.state]
        found.setdefault(
            cause.code, Incident(cause, user_id, server, now, _room(room), lasting=True)
        )
    if abs(report.skew) > _SKEW:
        way = "ahead of" if report.skew > 0 else "behind"
        facts = f"The lab's clock is {_span(abs(report.skew))} {way} the hub's."
        found["skew"] = Incident(causes.CLOCK_SKEW, user_id, server, now, facts, lasting=True)
    return list(found.values())


def _room(room: Room) -> str:
    of = f"{room.path} has {show_bytes(room.free)} of {show_bytes(room.size)} left."
    largest = ", ".join(
        f"{visible(path.removeprefix(f'{room.path}/'))} ({show_bytes(size)})"
        for path, size in room.largest[:_MOST_SHOWN]
    )
    return f"{visible(of)} The largest there: {largest}." if largest else visible(of)


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{round(minutes / 60)} hours" if minutes < 48 * 60 else f"{round(minutes / 1440)} days"
