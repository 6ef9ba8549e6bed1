"""Alembic runs this for every command. The connection comes from ``core.store``."""

from __future__ import annotations

from alembic import context
from sqlalchemy.sql.schema import SchemaItem

from labyard.core.store import VERSION_TABLE
from labyard.core.tables import metadata


def ours(_item: SchemaItem, name: str | None, kind: str, *_: object) -> bool:
    """Return whether a table is Labyard's: the hub's live in the same database."""
    return kind != "table" or (name or "").startswith("labyard_")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_object=ours,
    render_as_batch=True,
)
context.run_migrations()
