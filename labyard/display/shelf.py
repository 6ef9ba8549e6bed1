"""Where choices about display are kept, by the id of the hub's user. Calls block."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite

from labyard.core.store import Store
from labyard.core.tables import display as table
from labyard.display.choices import Display, Figures, Theme


class Executes(Protocol):
    """A connection of ours or the hub's own session."""

    def execute(self, statement: Select[Any], /) -> Any:
        """Run a query."""


def read(connection: Executes, user_id: int) -> Display:
    """Return somebody's choices; who made none has the usual ones."""
    columns = (table.c.name, table.c.theme, table.c.figures, table.c.changed)
    row = connection.execute(select(*columns).where(table.c.user_id == user_id)).first()
    return Display() if row is None else Display(row[0], Theme(row[1]), Figures(row[2]), row[3])


class Shelf:
    """The choices of everybody in an installation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, user_id: int) -> Display:
        """Return somebody's choices."""
        with self._store.read() as connection:
            return read(connection, user_id)

    def keep(self, user_id: int, chosen: Display) -> None:
        """Keep somebody's choices instead of those before."""
        values = {
            "name": chosen.name,
            "theme": chosen.theme,
            "figures": chosen.figures,
            "changed": datetime.now(UTC).replace(tzinfo=None),
        }
        with self._store.write() as connection:
            make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            query = make(table).values(user_id=user_id, **values)
            connection.execute(query.on_conflict_do_update(index_elements=["user_id"], set_=values))
