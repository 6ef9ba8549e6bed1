"""Who listens where on this machine."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

_LISTEN = "0A"


def why_taken(address: str, port: int) -> str:
    """Return why one cannot listen on ``address``:``port``; empty when one can."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind((address, port))
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                who = holder(port)
                return f"port {port} is in use{f' by {who}' if who else ''}"
            case errno.EADDRNOTAVAIL:
                return f"this machine has no address {address}"
            case errno.EACCES:
                return f"port {port} may only be used by root"
            case _:
                return f"{address}:{port} cannot be used: {error.strerror}"
    return ""


def holder(port: int) -> str:
    """Return who listens on ``port``, as ``program (pid 123)``; empty when it cannot be seen."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            inodes |= set(listening_inodes(Path("/proc/net", table).read_text(), port))
        except OSError:
            continue
    for pid, inode in _sockets():
        if inode in inodes:
            return f"{Path(f'/proc/{pid}/comm').read_text().strip()} (pid {pid})"
    return ""


def listening_inodes(table: str, port: int) -> Iterator[int]:
    """Yield the sockets that listen on ``port`` in the text of ``/proc/net/tcp``."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
            yield int(fields[9])


def somebody_listens(address: IPv4Address) -> bool:
    """Return whether any program listens on ``address`` itself."""
    return address in listening_addresses(Path("/proc/net/tcp").read_text())


def listening_addresses(table: str) -> Iterator[IPv4Address]:
    """Yield the addresses that are listened on in the text of ``/proc/net/tcp``."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTEN:
            yield IPv4Address(
                int.from_bytes(bytes.fromhex(fields[1].partition(":")[0]), sys.byteorder)
            )


def _sockets() -> Iterator[tuple[int, int]]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            for descriptor in (process / "fd").iterdir():
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    yield int(process.name), int(target[8:-1])
        except OSError:
            continue  # it ended, or belongs to somebody else
