"""What went wrong in a person's labs, as home tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from labyard.core import causes
from labyard.incidents.incident import Incident
from labyard.web.view.words import ago

_WARNINGS = frozenset({causes.HOME_NEARLY_FULL, causes.CLOCK_SKEW, causes.KERNEL_OUT_OF_MEMORY})


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident as it is drawn. ``at`` is ISO 8601; ``change`` the option that mends it, if one does."""

    code: str
    server: str
    kind: str
    title: str
    facts: str
    remedy: str
    at: str
    clock: str
    ago: str
    change: str


def view_incidents(incidents: Sequence[Incident], now: datetime) -> tuple[IncidentView, ...]:
    """Return a person's incidents as they are drawn."""
    return tuple(_view(incident, now) for incident in incidents)


def _view(incident: Incident, now: datetime) -> IncidentView:
    cause, where = incident.cause, f" · {incident.server}" if incident.server else ""
    times = f" ({incident.times} times)" if incident.times > 1 else ""
    return IncidentView(
        code=cause.code,
        server=incident.server,
        kind="warn" if cause in _WARNINGS else "bad",
        title=f"{cause.title}{where}{times}",
        facts=incident.facts,
        remedy=cause.remedy,
        at=incident.at.isoformat(timespec="seconds"),
        clock=f"{incident.at:%H:%M} UTC",
        ago=ago(now - incident.at),
        change=cause.field,
    )
