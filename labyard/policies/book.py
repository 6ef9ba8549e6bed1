"""Where the policies of groups are kept: some in the settings, others where administrators put them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

from labyard.core.errors import NotFound, Refused
from labyard.core.store import Store
from labyard.core.tables import policies as table
from labyard.settings.groups import GroupPolicy, GroupSettings

# Its members' labs get the engine's own socket. It is always there, whatever else is.
PRIVILEGED = "docker-privileged"


class Locked(Refused):
    """A policy that is built in, or given in the settings."""

    def __init__(self, group: str) -> None:
        super().__init__(
            f"The policy of {group} cannot be changed here: it is built in or given in the settings.",
            remedy="Change it in the settings, below `groups`.",
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """The policy of one group; ``locked`` ones cannot be changed here, others say who changed them."""

    policy: GroupSettings
    locked: bool = False
    changed: datetime | None = None
    changed_by: str = ""


class Book:
    """The policies of all groups of an installation. Calls block."""

    def __init__(self, store: Store, given: Iterable[GroupSettings]) -> None:
        self._store = store
        always = {PRIVILEGED: GroupSettings(name=PRIVILEGED), **{each.name: each for each in given}}
        if always[PRIVILEGED].docker is None:
            socket = always[PRIVILEGED].model_copy(update={"docker": "socket"})
            always[PRIVILEGED] = socket
        self._given = {name: Entry(group, locked=True) for name, group in always.items()}

    def all(self) -> Sequence[Entry]:
        """Return every policy, in the order of the groups' names."""
        with self._store.read() as connection:
            kept = {row.group: _entry(row) for row in connection.execute(select(table))}
        return [entry for _, entry in sorted({**kept, **self._given}.items())]

    def of(self, groups: Iterable[str]) -> Mapping[str, GroupPolicy]:
        """Return the policies of some groups, by name; those without one are not in it."""
        return {group: entry.policy for group, entry in self.entries(groups).items()}

    def entries(self, groups: Iterable[str]) -> Mapping[str, Entry]:
        """Return the same with where each comes from."""
        if not (wanted := sorted(set(groups))):
            return {}
        found = select(table).where(table.c.group.in_(wanted))
        with self._store.read() as connection:
            kept = {row.group: _entry(row) for row in connection.execute(found)}
        both = {**kept, **self._given}
        return {group: both[group] for group in wanted if group in both}

    def put(self, policies: Iterable[GroupSettings], by: str) -> Sequence[Entry]:
        """Set the policies of some groups instead of those before: all of them, or none.

        Raises
        ------
        Locked
            When the settings give one of them.
        """
        now = datetime.now(UTC)
        entries = [Entry(policy, changed=now, changed_by=by) for policy in policies]
        for entry in entries:
            self._may_change(entry.policy.name)
        with self._store.write() as connection:
            for entry in entries:
                connection.execute(delete(table).where(table.c.group == entry.policy.name))
                connection.execute(insert(table).values(_row(entry)))
        return entries

    def remove(self, group: str) -> None:
        """Take a group's policy away.

        Raises
        ------
        Locked
            When the settings give it.
        NotFound
            When the group has none.
        """
        self._may_change(group)
        with self._store.write() as connection:
            if not connection.execute(delete(table).where(table.c.group == group)).rowcount:
                raise NotFound(
                    f"The group {group} has no policy.",
                    remedy="`labyard policy list` shows which have.",
                )

    def _may_change(self, group: str) -> None:
        if group in self._given:
            raise Locked(group)


def _entry(row: Row[Any]) -> Entry:
    policy = GroupSettings.model_validate({**json.loads(row.policy), "name": row.group})
    return Entry(policy, changed=row.changed.replace(tzinfo=UTC), changed_by=row.changed_by)


def _row(entry: Entry) -> Mapping[str, Any]:
    assert entry.changed is not None  # noqa: S101  for mypy
    return {
        "group": entry.policy.name,
        "policy": entry.policy.model_dump_json(exclude_none=True, exclude={"name"}),
        "changed": entry.changed.replace(tzinfo=None),
        "changed_by": entry.changed_by,
    }
