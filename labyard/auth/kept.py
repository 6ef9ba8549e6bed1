"""Buckets in the database, so that a restart of the hub lets nobody begin anew. Calls block.

Times are those of the machine's uptime, and which boot that was is kept with them: the wall clock,
which anybody's mistake can set, is never asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from labyard.auth.throttle import MOST_BUCKETS, Bucket
from labyard.core.store import Store
from labyard.core.tables import buckets as table

_BETWEEN = 1000  # buckets are written between two clearings


def this_boot() -> str:
    """Return the kernel's name for this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class Kept:
    """What is kept of buckets. Those that nobody touched for a ``window`` (seconds) are empty."""

    def __init__(self, store: Store, window: float, *, boot: str = "") -> None:
        self._store = store
        self._window = window
        self._boot = boot or this_boot()
        self._written = 0

    def load(self, now: float, began: float) -> dict[str, Bucket]:
        """Return the buckets, by digest, the one touched longest ago first.

        How long ago another boot was, nobody can be sure of: what is left from one has leaked since the
        hub ``began``, no longer.
        """
        unsure = or_(table.c.boot != self._boot, table.c.at > now)
        with self._store.write() as connection:
            connection.execute(update(table).where(unsure).values(boot=self._boot, at=began))
            self._clear(connection, now)
            rows = connection.execute(select(table).order_by(table.c.at)).all()
        return {row.digest: Bucket(row.level, row.at) for row in rows}

    def save(self, buckets: Mapping[str, Bucket], now: float) -> None:
        """Write buckets, instead of what was kept of the same ones."""
        rows = [
            {"digest": digest, "level": bucket.level, "at": bucket.at, "boot": self._boot}
            for digest, bucket in buckets.items()
        ]
        with self._store.write() as connection:
            make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            query = make(table)
            new = {name: query.excluded[name] for name in ("level", "at", "boot")}
            connection.execute(
                query.on_conflict_do_update(index_elements=["digest"], set_=new), rows
            )
            self._written += len(rows)
            if self._written >= _BETWEEN:
                self._clear(connection, now)
                self._written = 0

    def _clear(self, connection: Connection, now: float) -> None:
        """Delete those that are empty, and of the others all but the last ones touched."""
        connection.execute(delete(table).where(table.c.at < now - self._window))
        excess = (connection.scalar(select(func.count()).select_from(table)) or 0) - MOST_BUCKETS
        if excess > 0:
            oldest = select(table.c.digest).order_by(table.c.at).limit(excess)
            connection.execute(delete(table).where(table.c.digest.in_(oldest)))
