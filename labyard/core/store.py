"""The one database, which JupyterHub and Labyard share: SQLite in WAL mode, or PostgreSQL.

Calls block: inside an event loop they belong in a thread. The hub's own session may be in the middle
of a write, and only the loop can end it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from labyard.core.errors import SettingsError

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "labyard_alembic_version"
_MIGRATIONS = Path(__file__).with_name("migrations")
# Seconds a writer waits for another one. WAL readers wait for nobody.
_PATIENCE = 20.0
# Any number will do, as long as nobody else locks it: two processes migrate one after the other.
_MIGRATION_LOCK = 0x1ABA4D


class Store:
    """Connections to the database.

    Parameters
    ----------
    url:
        What the hub is given as ``JupyterHub.db_url``.

    Raises
    ------
    SettingsError
        When the address names no database that can serve several processes.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(_parse(url))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for looking only."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a transaction: all of it happens, or nothing."""
        with self.engine.connect() as connection:
            connection.execution_options(labyard_write=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def prepare(url: str) -> None:
    """Make the database ready before the hub starts: WAL mode, and Labyard's tables up to date.

    Does nothing the second time. JupyterHub makes and migrates its own tables itself.

    Raises
    ------
    SettingsError
        When the database cannot be reached or its address is of no use.
    """
    from alembic import command  # noqa: PLC0415  only `labyard up` migrates

    store = Store(url)
    try:
        _use_wal(store.engine)
        with store.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK}
                )
            command.upgrade(migrations(connection), "head")
    except (OperationalError, OSError) as error:
        shown = store.engine.url.render_as_string(hide_password=True)
        cause = error.orig if isinstance(error, OperationalError) else error
        raise SettingsError(
            f"The database at {shown} cannot be used: {str(cause).strip()}.",
            remedy="Check hub.database, and that the server runs and lets this account in.",
        ) from error
    finally:
        store.close()


def migrations(connection: Connection) -> Config:
    """Return Alembic's configuration for working on ``connection``."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise SettingsError(
            "hub.database is not the address of a database.",
            remedy="Write it like postgresql://user:password@host/name, or leave it empty.",
        ) from None
    kind = parsed.get_backend_name()
    if kind not in {"sqlite", "postgresql"}:
        raise SettingsError(
            f"hub.database names {kind}, which is not supported.",
            remedy="Use postgresql://user:password@host/name, or leave it empty for SQLite.",
        )
    if kind == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise SettingsError(
            "hub.database names a database in memory, which no two processes can share.",
            remedy="Name a file, like sqlite:////var/lib/labyard/labyard.sqlite.",
        )
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=4)
    engine = create_engine(url, connect_args={"timeout": _PATIENCE})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, see _on_begin
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")


def _on_begin(connection: Connection) -> None:
    """Let a writer take its lock at once: one that starts as a reader cannot wait for it later."""
    writes = connection.get_execution_options().get("labyard_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_wal(engine: Engine) -> None:
    """Switch a SQLite file to WAL, which it stays in. Its side files get the same mode, 0600."""
    if engine.dialect.name != "sqlite":
        return
    path = str(engine.url.database)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        raw.close()
