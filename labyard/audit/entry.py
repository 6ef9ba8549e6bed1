"""One entry: who did what to what, when, from where, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from labyard.audit.actions import ACTIONS, Action
from labyard.audit.details import CUT

_LONGEST_NAME = 255  # characters; what is longer is cut, and says so with its last one


class Outcome(StrEnum):
    """What came of it."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Kind(StrEnum):
    """What an actor or a target is."""

    USER = "user"
    SERVICE = "service"
    SYSTEM = "system"
    NOBODY = "nobody"
    GROUP = "group"
    SERVER = "server"
    VOLUME = "volume"
    TOKEN = "token"  # noqa: S105
    KEY = "key"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class Party:
    """An actor or a target. Names are kept as they came, however hostile."""

    kind: Kind
    name: str = ""


SYSTEM = Party(Kind.SYSTEM)
NOBODY = Party(Kind.NOBODY)
HUB = Party(Kind.HUB)


def user(name: str) -> Party:
    """Return a person, whether or not there is one of that name."""
    return Party(Kind.USER, name)


def server(owner: str, name: str) -> Party:
    """Return a server as ``owner/name``; the default one has an empty name."""
    return Party(Kind.SERVER, f"{owner}/{name}")


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit.

    ``address`` is the caller's, empty where nobody called. ``id`` is 0 until it is in the table.

    Raises
    ------
    ValueError
        When ``details`` has a field that ``action`` does not list: it might be a secret.
    """

    action: Action
    actor: Party
    target: Party
    address: str = ""
    outcome: Outcome = Outcome.DONE
    details: Mapping[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=now)
    id: int = 0

    def __post_init__(self) -> None:
        """Refuse details that nobody declared."""
        if unknown := set(self.details) - self.action.fields:
            raise ValueError(f"{self.action.name} has no details called {sorted(unknown)}")

    def as_json(self) -> dict[str, Any]:
        """Return it for REST and export."""
        return {
            "id": self.id,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": self.actor.name,
            "actor_kind": self.actor.kind,
            "address": self.address,
            "action": self.action.name,
            "target": self.target.name,
            "target_kind": self.target.kind,
            "outcome": self.outcome,
            "details": dict(self.details),
        }

    def line(self) -> str:
        """Return it as one line of JSON in ASCII, whatever is in its names."""
        return json.dumps(self.as_json())


def row(entry: Entry) -> dict[str, Any]:
    """Return an entry as the table has it."""
    return {
        "at": entry.at.astimezone(UTC).replace(tzinfo=None),
        "actor_kind": entry.actor.kind,
        "actor": storable(entry.actor.name, _LONGEST_NAME),
        "address": storable(entry.address, 64),
        "action": entry.action.name,
        "target_kind": entry.target.kind,
        "target": storable(entry.target.name, _LONGEST_NAME),
        "outcome": entry.outcome,
        "details": json.dumps(dict(entry.details)),
    }


def of_row(found: Mapping[str, Any]) -> Entry:
    """Return the entry in a row of the table, also one of an action that this version lacks."""
    name, details = found["action"], json.loads(found["details"])
    return Entry(
        action=ACTIONS.get(name) or Action(name, "", frozenset(details)),
        actor=Party(Kind(found["actor_kind"]), found["actor"]),
        target=Party(Kind(found["target_kind"]), found["target"]),
        address=found["address"],
        outcome=Outcome(found["outcome"]),
        details=details,
        at=found["at"].replace(tzinfo=UTC),
        id=found["id"],
    )


def storable(text: str, longest: int) -> str:
    """Return ``text`` as a database takes it: cut, and without what PostgreSQL refuses.

    That is the null character, and halves of characters, which no encoding can hold.
    """
    clean = text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")
    return clean if len(clean) <= longest else clean[: longest - 1] + CUT
