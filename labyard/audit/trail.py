"""The table: writing to it, looking through it page by page, and letting go of what is old.

Calls block, see ``core.store``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, select, tuple_

from labyard.audit.entry import Entry, of_row, row
from labyard.core.store import Store
from labyard.core.tables import audit as table
from labyard.core.tables import audit_bound as bound

_C = table.c
_AT_ONCE = 1000  # entries that are let go in one transaction


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the time and the id of its last entry."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to see. What is empty does not matter. ``until`` itself is not included."""

    actor: str = ""
    action: str = ""
    target: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """Return them for a query."""
        equal = (
            (_C.actor, self.actor),
            (_C.action, self.action),
            (_C.target, self.target),
            (_C.outcome, self.outcome),
        )
        found = [column == value for column, value in equal if value]
        if self.since is not None:
            found.append(_C.at >= _naive(self.since))
        if self.until is not None:
            found.append(_C.at < _naive(self.until))
        return found


class Trail:
    """All entries of an installation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or none, in their order."""
        with self._store.write() as connection:
            connection.execute(insert(table), [row(entry) for entry in entries])

    def page(
        self,
        wanted: Wanted,
        *,
        most: int,
        before: Place | None = None,
        after: Place | None = None,
    ) -> Sequence[Entry]:
        """Return up to ``most`` entries, the newest first: those next ``before`` a place, or ``after`` it."""
        query = select(table).where(*wanted.conditions()).limit(most)
        if after is not None:
            query = query.where(_place() > _at(after)).order_by(_C.at, _C.id)
            return list(reversed(self._entries(query)))
        if before is not None:
            query = query.where(_place() < _at(before))
        return self._entries(query.order_by(_C.at.desc(), _C.id.desc()))

    def forget(self, before: datetime) -> int:
        """Let go of what is older; return how many entries that were.

        The table's own trigger refuses every other removal: it lets go of what is older than the bound
        that stands in another table, which is there only inside these transactions.
        """
        old = select(_C.id).where(_C.at < _naive(before)).order_by(_C.at).limit(_AT_ONCE)
        gone = 0
        while True:
            with self._store.write() as connection:
                connection.execute(delete(bound))
                connection.execute(insert(bound).values(id=1, before=_naive(before)))
                count = connection.execute(delete(table).where(_C.id.in_(old))).rowcount
                connection.execute(delete(bound))
            gone += count
            if count < _AT_ONCE:
                return gone

    def _entries(self, query: Select[Any]) -> Sequence[Entry]:
        with self._store.read() as connection:
            return [of_row(dict(found)) for found in connection.execute(query).mappings()]


def _place() -> Any:
    return tuple_(_C.at, _C.id)


def _at(place: Place) -> Any:
    return tuple_(_naive(place.at), place.id)


def _naive(moment: datetime) -> datetime:
    """Return UTC without a zone, as the hub's tables have it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
