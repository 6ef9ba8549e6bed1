"""A network of its own for a thread of a test, and for what that thread starts."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def own_network() -> Iterator[None]:
    """Move the calling thread to a network of its own, which has one card that leads nowhere."""
    with Path("/proc/thread-self/ns/net").open() as before:
        _check(_libc.unshare(_CLONE_NEWNET))
        try:
            for command in (
                "link set lo up",
                "link add uplink type veth peer name nowhere",
                "address add 10.184.255.1/24 dev uplink",
                "link set uplink up",
                "link set nowhere up",
                "route add default dev uplink",
            ):
                subprocess.run(["ip", *command.split()], check=True)
            yield
        finally:
            _check(_libc.setns(before.fileno(), _CLONE_NEWNET))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "the network namespace cannot be changed; are we root?")
