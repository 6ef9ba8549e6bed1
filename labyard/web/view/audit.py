"""Entries of the audit as a page shows them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from labyard.audit.entry import Entry, Kind, Outcome
from labyard.core.visible import visible

_STATES = {Outcome.DONE: "done", Outcome.REFUSED: "warn", Outcome.FAILED: "bad"}
_ACTORS = {Kind.NOBODY: "nobody signed in", Kind.SYSTEM: "Labyard itself"}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. ``at`` is for the machine, ``when`` for people; every text is fit to be shown."""

    at: str
    when: str
    actor: str
    service: bool
    address: str
    action: str
    sentence: str
    target: str
    kind: str
    outcome: str
    state: str
    details: tuple[tuple[str, str], ...]


def lines(entries: Sequence[Entry]) -> list[Line]:
    """Return what the page shows of ``entries``."""
    return [_line(entry) for entry in entries]


def _line(entry: Entry) -> Line:
    at = entry.at.astimezone(UTC)
    return Line(
        at=at.isoformat(timespec="seconds"),
        when=at.strftime("%d %b %Y, %H:%M:%S UTC"),
        actor=visible(entry.actor.name) or _ACTORS.get(entry.actor.kind, "?"),
        service=entry.actor.kind is Kind.SERVICE,
        address=visible(entry.address),
        action=entry.action.name,
        sentence=entry.action.sentence,
        target=visible(entry.target.name),
        kind=entry.target.kind,
        outcome=entry.outcome,
        state=_STATES[entry.outcome],
        details=tuple((name, _words(value)) for name, value in entry.details.items()),
    )


def _words(value: Any) -> str:
    if isinstance(value, str):
        return visible(value)
    if value is None:
        return "nothing"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return visible(", ".join(value)) or "nothing"
    if isinstance(value, Mapping):
        told = ", ".join(f"{name}: {_words(item)}" for name, item in value.items())
        return visible(told) or "nothing"
    return visible(json.dumps(value))
