"""A PostgreSQL server of Debian's, for as long as tests need one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import URL, create_engine, text

from tests.tools.places import free_ports

_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
_ACCOUNT = "postgres"


@contextmanager
def serving() -> Iterator[Callable[[], str]]:
    """Serve on a unix socket; each call of what this yields makes a database and returns its URL."""
    root = Path(tempfile.mkdtemp(prefix="labyard-pg-"))
    if os.getuid() == 0:
        shutil.chown(root, _ACCOUNT, _ACCOUNT)
    data, (port,) = root / "data", free_ports(1)
    _run(str(_PROGRAMS / "initdb"), "-D", str(data), "-U", "labyard", "-A", "trust", "-N")
    options = f"-p {port} -c listen_addresses= -c unix_socket_directories={root} -c fsync=off"
    control = [str(_PROGRAMS / "pg_ctl"), "-D", str(data), "-w"]
    _run(*control, "-o", options, "-l", str(root / "log"), "start")
    server = URL.create("postgresql", "labyard", database="postgres", port=port).update_query_dict(
        {"host": str(root)}
    )
    names = (f"labyard{number}" for number in count())
    try:
        yield lambda: _database(server, next(names))
    finally:
        _run(*control, "-m", "immediate", "stop")
        shutil.rmtree(root)


def _database(server: URL, name: str) -> str:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


def _run(*command: str) -> None:
    """Run one of PostgreSQL's programs; it refuses to run as root."""
    drop = {"user": _ACCOUNT, "group": _ACCOUNT} if os.getuid() == 0 else {}
    subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=120, **drop)
