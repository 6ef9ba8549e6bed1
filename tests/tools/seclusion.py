"""A program in a network of its own, from which it reaches this machine's loopback as if it were its own.

Chromium gives up what it loads (``ERR_NETWORK_CHANGED``) whenever an interface comes or goes, and each
lab brings some. In seclusion it sees none of them. What it says to any port of 127.0.0.0/8 is carried to
that port here, byte by byte, so that addresses, origins and cookies are what they are outside.
"""

from __future__ import annotations

import os
import shlex
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from tests.tools.networks import own_network

_SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h
_CHUNK = 1 << 18
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection


@contextmanager
def secluded(program: str, directory: Path) -> Iterator[Path]:
    """Yield a script in ``directory`` that runs ``program`` in seclusion. Needs root and iptables."""
    with own_network():
        network = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        door = socket.create_server(("127.0.0.1", 0), backlog=512)
        port = str(door.getsockname()[1])
        take = ("-p", "tcp", "-d", "127.0.0.0/8", "-j", "REDIRECT", "--to-ports", port)
        subprocess.run(["iptables", "-w", "-t", "nat", "-A", "OUTPUT", *take], check=True)
    script = directory / "secluded"
    # Only root sees another process's open files, and only while that process lives.
    where = f"/proc/{os.getpid()}/fd/{network}"
    script.write_text(f'#!/bin/sh\nexec nsenter --net={where} {shlex.quote(program)} "$@"\n')
    script.chmod(0o700)
    Thread(target=_receive, args=(door,), daemon=True).start()
    try:
        yield script
    finally:
        door.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        os.close(network)


def _receive(door: socket.socket) -> None:
    with door, suppress(OSError):
        while True:
            caller, _ = door.accept()
            Thread(target=_connect, args=(caller,), daemon=True).start()


def _connect(caller: socket.socket) -> None:
    """Carry between ``caller`` and the port that it meant, until both have ended."""
    with caller:
        try:
            listener = socket.create_connection(("127.0.0.1", _meant(caller)))
        except OSError:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            return
        with listener:
            for end in (caller, listener):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = Thread(target=_carry, args=(listener, caller), daemon=True)
            back.start()
            _carry(caller, listener)
            back.join()


def _meant(caller: socket.socket) -> int:
    address = caller.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16)
    return int(struct.unpack_from("!2xH", address)[0])


def _carry(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes, and its end; one that broke off breaks off the other."""
    try:
        while data := source.recv(_CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
