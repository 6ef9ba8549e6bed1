"""What went wrong in a person's labs, as home tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from labyard.core import causes
from labyard.core.units import show_bytes
from labyard.incidents.incident import Incident
from labyard.web.servers import Failed, Person, Server
from labyard.web.view.words import ago

FAILED_START = "failed-start"
_WARNINGS = frozenset({causes.HOME_NEARLY_FULL, causes.CLOCK_SKEW, causes.KERNEL_OUT_OF_MEMORY})


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident as it is drawn.

    ``at`` is ISO 8601; ``change`` the option that mends it, if one does; ``more`` the memory in bytes
    that the server may be started with instead, or 0. A failed start (``code`` :data:`FAILED_START`) has
    a page with the rest.
    """

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
    more: int = 0

    @property
    def more_words(self) -> str:
        """Return ``more`` for people."""
        return show_bytes(self.more)


def view_failures(person: Person, now: datetime) -> tuple[IncidentView, ...]:
    """Return the last starts that failed, of servers that did not start since, as they are drawn."""
    return tuple(
        _failure(server, server.failed, now)
        for _, server in sorted(person.servers.items())
        if server.failed is not None
    )


def _failure(server: Server, failed: Failed, now: datetime) -> IncidentView:
    at = server.last_activity or now
    return IncidentView(
        code=FAILED_START,
        server=server.name,
        kind="bad",
        title=f"{server.name or 'My server'} did not start",
        facts=f"{failed.title}.",
        remedy="Its page says why and what to do.",
        at=at.isoformat(timespec="seconds"),
        clock=f"{at:%H:%M} UTC",
        ago=ago(now - at),
        change="",
        more=failed.more,
    )


def view_incidents(
    incidents: Sequence[Incident], now: datetime, more: Mapping[str, int | None]
) -> tuple[IncidentView, ...]:
    """Return a person's incidents as they are drawn; ``more`` is the next larger memory by server."""
    return tuple(_view(incident, now, more) for incident in incidents)


def _view(incident: Incident, now: datetime, more: Mapping[str, int | None]) -> IncidentView:
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
        more=(more.get(incident.server) or 0) if cause is causes.LAB_OUT_OF_MEMORY else 0,
    )
