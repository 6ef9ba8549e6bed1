"""From what an engine tells of a lab to what its owner is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from labyard.core import causes
from labyard.core.models import Happening, Lab, LabEvent, LabStatus
from labyard.core.names import SERVER, USER_ID
from labyard.core.units import show_bytes
from labyard.incidents.incident import Incident

_KILLED = 137


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
    facts = f"Its exit code is {event.exit_code}."
    if event.exit_code == _KILLED:
        facts = "Something killed it: most likely it ran out of memory."
    return Incident(causes.ENDED_BY_ITSELF, owner, server, event.at, facts)


def whose(labels: Mapping[str, str]) -> tuple[int | None, str]:
    """Return the owner's id, or None where a lab's labels tell none, and the server's name."""
    user_id = labels.get(USER_ID, "")
    return (int(user_id) if user_id.isdigit() else None), labels.get(SERVER, "")


def ended_by_itself(lab: Lab | None) -> bool:
    """Return whether a lab that ended a moment ago did so unasked.

    One that was stopped is removed at once, and one that was restarted runs again.
    """
    return lab is not None and lab.status is LabStatus.STOPPED
