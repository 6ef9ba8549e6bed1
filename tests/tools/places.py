"""Ports and address blocks for tests, none handed out twice: workers of one run have ranges of their own."""

from __future__ import annotations

import itertools
import os
import random
import re
import socket
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Network

# Below what the kernel hands out by itself, so that no outgoing connection takes one in between.
_FIRST_PORT, _PORTS = 12_000, 1_600
# Up to three suites run at once (tools/suites.py), those of the second and third row with up to four
# workers each. More workers begin again at the first range, and seldom meet.
_LANES, _A_LANE = 3, 4
_RANGES = _LANES * _A_LANE
_LANE = int(os.environ.get("LABYARD_TEST_LANE", "0"))
_WORKER = (
    int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + _LANE * _A_LANE
) % _RANGES


def _cycle(values: range) -> Iterator[int]:
    """Go through ``values`` from anywhere, so that runs beside each other seldom meet."""
    begin = random.randrange(len(values))
    return itertools.cycle([*values[begin:], *values[:begin]])


_ports = _cycle(range(_FIRST_PORT + _WORKER * _PORTS, _FIRST_PORT + (_WORKER + 1) * _PORTS))
_blocks = _cycle(range(64))


def free_ports(count: int) -> list[int]:
    """Return ports nobody listens on now, all different."""
    return list(itertools.islice(filter(_is_free, _ports), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def free_block() -> str:
    """Return a private block for one installation's users, which nothing on this machine is about."""
    return next(block for block in map(_block, _blocks) if is_free(block))


def is_free(block: str) -> bool:
    """Return whether no firewall rule names ``block``, and no network has a part of it."""
    rules, routes = (_said("iptables", "-S"), _said("ip", "-4", "route"))
    theirs = re.findall(r"^(10[\d.]+/\d+)", routes, re.MULTILINE)
    return block not in rules and not any(
        IPv4Network(block).overlaps(IPv4Network(other)) for other in theirs
    )


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _block(number: int) -> str:
    return f"10.{192 + 4 * _WORKER + number // 16}.{16 * (number % 16)}.0/20"
