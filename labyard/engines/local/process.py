"""Starting, finding and ending a lab's keeper, by files in the lab's directory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from labyard.core.errors import EngineError
from labyard.core.processes import PidFile
from labyard.engines.local.spec import LOOPBACK, Order

_KEEPER = Path(__file__).with_name("keeper.py")
_GLANCE = 0.02  # seconds between two looks at a process that is to end
_FORCE = 5.0  # seconds in which killed processes are gone
KILLED = 137


def reserve(port: int = 0) -> socket.socket:
    """Return a socket bound to ``port`` on loopback, or to one that is free, that never listens.

    While it is open the kernel gives the port to nobody who does not name it, and whoever names it
    with ``SO_REUSEADDR`` (every server does) may listen there.

    Raises
    ------
    OSError
        When somebody listens on ``port``.
    """
    reservation = socket.socket()
    try:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.bind((LOOPBACK, port))
    except OSError:
        reservation.close()
        raise
    return reservation


def start(directory: Path, order: Order, reservation: socket.socket) -> subprocess.Popen[bytes]:
    """Start the keeper of the lab in ``directory``; it takes the reservation over.

    The lab begins only when its keeper can be found again: a hub that dies before leaves nothing.
    """
    (directory / "exit").unlink(missing_ok=True)
    (directory / "keeper").unlink(missing_ok=True)
    read, write = os.pipe()
    with (
        reservation,
        os.fdopen(read),
        os.fdopen(write, "w") as orders,
        (directory / "log").open("ab") as log,
    ):
        inherited = (reservation.fileno(), read)
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_KEEPER), str(directory), *map(str, inherited)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env={},
            cwd="/",
            pass_fds=inherited,
            start_new_session=True,
            umask=0o077,
        )
        _file(directory).write(keeper.pid)
        orders.write(json.dumps(asdict(order)))
    return keeper


def running(directory: Path) -> int | None:
    """Return the keeper's process id while it runs."""
    return _file(directory).pid()


def started_at(directory: Path) -> datetime | None:
    """Return when the lab was last started."""
    try:
        return datetime.fromtimestamp((directory / "keeper").stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def exit_code(directory: Path) -> int:
    """Return what a lab that ran ended with. Without a trace, so at power cuts, it was killed."""
    with suppress(OSError, ValueError):
        return int((directory / "exit").read_text())
    return KILLED


async def stop(directory: Path, grace: float) -> None:
    """End the lab and all it started: by request, after ``grace`` seconds by force."""
    keeper = _file(directory)
    for number, patience in (
        (signal.SIGTERM, grace),
        (signal.SIGQUIT, _FORCE),
        (signal.SIGKILL, _FORCE),
    ):
        if patience <= 0:
            continue
        keeper.signal(number)
        for _ in range(round(patience / _GLANCE) + 1):
            if keeper.pid() is None:
                return
            await asyncio.sleep(_GLANCE)
    raise EngineError(
        f"Lab {directory.name!r} does not end; its keeper is process {keeper.pid()}.",
        remedy="Look what it waits for, a file server perhaps, then stop it again.",
    )


def _file(directory: Path) -> PidFile:
    return PidFile(directory / "keeper")
