"""From what an engine tells of a lab to what its owner is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from labyard.core import causes
from labyard.core.models import Happening, Lab, LabEvent, LabStatus
from labyard.core.names import SERVER, USER_ID
from labyard.core.units import show_bytes
from labyard.incidents.incident import Incident

_KILLED = 137
_LATELY = timedelta(days=1)


def of_event(event: LabEvent) -> Incident | None:
    """Return what a person is told of ``event``; an end that was asked for is not for here."""
    owner, server = whose(event.labels)
    if owner is None:
        return None
    if event.kind is Happening.MEMORY:
        facts = f"All of this server together may use {show_bytes(event.memory or 0)}."
        return Incident(
            causes.KERNEL_OUT_OF_MEMORY, owner, server, event.at, facts if event.memory else ""
        )
    if event.kind is not Happening.ENDED or not event.exit_code:
        return None  # a person shut it down from within
    if event.killed:
        facts = f"It may use {show_bytes(event.memory)}." if event.memory else ""
        return Incident(causes.LAB_OUT_OF_MEMORY, owner, server, event.at, facts)
    return Incident(causes.ENDED_BY_ITSELF, owner, server, event.at, _code(event.exit_code))


def of_remains(lab: Lab, now: datetime, *, followed: bool) -> Incident | None:
    """Return what a person is told of a lab whose end nobody told of.

    ``followed`` says that it ran when it was last seen: then the engine was away meanwhile, and may have
    ended it with any exit code.
    """
    owner, server = whose(lab.labels)
    at = lab.ended_at or now
    if owner is None or now - at > _LATELY or not (followed or lab.exit_code):
        return None
    if lab.out_of_memory:
        return Incident(causes.LAB_OUT_OF_MEMORY, owner, server, at)
    away = "The container engine could not be reached at that time. " if followed else ""
    return Incident(causes.ENDED_BY_ITSELF, owner, server, at, away + _code(lab.exit_code))


def _code(exit_code: int | None) -> str:
    killed = " Something killed it." if exit_code == _KILLED else ""
    return f"Its exit code is {exit_code}.{killed}" if exit_code is not None else ""


def whose(labels: Mapping[str, str]) -> tuple[int | None, str]:
    """Return the owner's id, or None where a lab's labels tell none, and the server's name."""
    user_id = labels.get(USER_ID, "")
    return (int(user_id) if user_id.isdigit() else None), labels.get(SERVER, "")


def ended_by_itself(lab: Lab | None) -> bool:
    """Return whether a lab that ended a moment ago did so unasked.

    One that was stopped is removed at once, and one that was restarted runs again.
    """
    return lab is not None and lab.status is LabStatus.STOPPED and not lab.leaving
