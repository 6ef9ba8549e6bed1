"""People as administrators see them: from the hub's JSON to words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labyard.web.view.words import ago

_FEW = 3  # groups that a row names
_STATES = {
    "pending": ("wait", "Waiting"),
    "approved": ("done", "Approved"),
    "withdrawn": ("bad", "Withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the filters above the list; ``count`` is how many there are."""

    key: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person. ``state`` is an icon's name and a word; times are words."""

    name: str
    display_name: str
    key: str
    state: tuple[str, str]
    admin: bool
    groups: Sequence[str]
    given: frozenset[str]
    ways: Sequence[str]
    code_open: bool
    running: int
    seen: str
    since: str
    decided: str

    @property
    def few_groups(self) -> Sequence[str]:
        """Return as many groups as a row has room for."""
        return self.groups[:_FEW]

    @property
    def more_groups(self) -> int:
        """Return how many groups a row leaves out."""
        return max(0, len(self.groups) - _FEW)

    @property
    def signs_in(self) -> str:
        """Return how the person comes in, in words."""
        words = ", ".join(self.ways)
        if self.code_open:
            return f"{words}, code is out" if words else "code is out"
        return words or "no password"


def kinds(counts: Mapping[str, int]) -> Sequence[Kind]:
    """Return the filters, with how many people each has."""
    everybody = sum(counts[state] for state in _STATES)
    return (
        Kind("", "Everybody", everybody),
        Kind("pending", "Waiting", counts["pending"]),
        Kind("approved", "Approved", counts["approved"]),
        Kind("withdrawn", "Withdrawn", counts["withdrawn"]),
        Kind("admin", "Administrators", counts["admin"]),
    )


def somebody(told: Mapping[str, Any], now: datetime) -> Somebody:
    """Return one person of the hub's list."""
    return Somebody(
        name=told["name"],
        display_name=told["display_name"],
        key=told["state"],
        state=_STATES[told["state"]],
        admin=told["admin"],
        groups=told["groups"],
        given=frozenset(told["groups_given"]),
        ways=told["ways"],
        code_open=told["code_expires"] is not None,
        running=told["running"],
        seen=_ago(told["last_activity"], now) or "never",
        since=told["created"][:10],
        decided=_decided(told, now),
    )


def _decided(told: Mapping[str, Any], now: datetime) -> str:
    when = _ago(told["decided"], now)
    return f"{when} by {told['decided_by']}" if when else ""


def _ago(moment: str | None, now: datetime) -> str:
    return ago(now - datetime.fromisoformat(moment)) if moment else ""
