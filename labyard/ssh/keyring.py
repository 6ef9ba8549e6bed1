"""The public keys of everybody, by the id of their hub's user. Calls block, see ``core.store``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from labyard.core.errors import Busy, NotFound, Refused
from labyard.core.store import Store
from labyard.core.tables import ssh_keys as table
from labyard.ssh.keys import PublicKey

MOST = 20  # keys of one person


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key somebody keeps here. Times are UTC without a zone."""

    id: int
    user_id: int
    kind: str
    blob: str
    fingerprint: str
    label: str
    added: datetime
    last_used: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Return what its owner may see of it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "key": f"{self.kind} {self.blob}",
            "fingerprint": self.fingerprint,
            "label": self.label,
            "added": _iso(self.added),
            "last_used": _iso(self.last_used),
        }


class Keyring:
    """The keys of an installation. A key belongs to one person only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, user_id: int) -> Sequence[KeptKey]:
        """Return somebody's keys, the oldest first."""
        query = select(table).where(table.c.user_id == user_id).order_by(table.c.id)
        with self._store.read() as connection:
            return [_kept(row) for row in connection.execute(query).mappings()]

    def find(self, fingerprint: str) -> KeptKey | None:
        """Return the key of that fingerprint, whoever's it is."""
        query = select(table).where(table.c.fingerprint == fingerprint)
        with self._store.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _kept(row)

    def add(self, user_id: int, key: PublicKey) -> KeptKey:
        """Keep a key for somebody.

        Raises
        ------
        Busy
            When it is kept already, for this person or another one.
        Refused
            When the person has as many as may be.
        """
        values = {
            "user_id": user_id,
            "kind": key.kind,
            "blob": key.blob,
            "fingerprint": key.fingerprint,
            "label": key.label,
            "added": datetime.now(UTC).replace(tzinfo=None),
        }
        held = select(func.count()).where(table.c.user_id == user_id)
        try:
            with self._store.write() as connection:
                if (connection.scalar(held) or 0) >= MOST:
                    raise Refused(
                        f"You keep {MOST} keys, which is as many as may be.",
                        remedy="Delete one that you no longer use.",
                    )
                made = connection.execute(insert(table).values(values).returning(table))
                return _kept(made.mappings().one())
        except IntegrityError:
            raise Busy(
                "This key is kept here already.",
                remedy="A key belongs to one person, once. Make another one if it is not on your list.",
            ) from None

    def remove(self, user_id: int, key_id: int) -> KeptKey:
        """Forget one of somebody's keys; return what it was.

        Raises
        ------
        NotFound
            The same for a key that is another person's.
        """
        ours = (table.c.id == key_id) & (table.c.user_id == user_id)
        with self._store.write() as connection:
            row = connection.execute(delete(table).where(ours).returning(table)).mappings().first()
        if row is None:
            raise NotFound("There is no such key.", remedy="See the list of keys.")
        return _kept(row)


def _kept(row: RowMapping) -> KeptKey:
    return KeptKey(**{field.name: row[field.name] for field in fields(KeptKey)})


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds") + "Z"
