"""The hub's own address towards labs: on ``lo``, so that it is there whatever the engine does.

It is the last usable one of the labs' block. Labs reach it through their gateway; it is no address
of a network card, so the hub's API is not open to the site's network.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from labyard.core.errors import EngineError

_INTERFACE = "lo"
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Memory:
    """This machine's memory in bytes."""

    total: int
    available: int


def memory() -> Memory | None:
    """Return this machine's memory, None where the kernel does not tell."""
    return parse_memory(_MEMORY.read_text()) if _MEMORY.exists() else None


def parse_memory(text: str) -> Memory | None:
    """Return what ``/proc/meminfo`` says."""
    found = {name: 1024 * int(kb) for name, kb in re.findall(r"^(\w+): +(\d+) kB$", text, re.M)}
    if not {"MemTotal", "MemAvailable"} <= found.keys():
        return None
    return Memory(found["MemTotal"], found["MemAvailable"])


def hub_address(block: IPv4Network) -> IPv4Address:
    """Return the last usable address of the labs' block."""
    return block.broadcast_address - 1


def has_address(address: IPv4Address) -> bool:
    """Return whether this host has ``address``."""
    return f" {address}/" in _ip("-o", "-4", "address", "show").stdout


def ensure_address(address: IPv4Address) -> bool:
    """Give this host ``address``; return whether it has it. Only root can give it.

    Raises
    ------
    EngineError
        When root cannot either.
    """
    if has_address(address):
        return True
    if os.geteuid() != 0:
        return False
    done = _ip("address", "add", f"{address}/32", "dev", _INTERFACE)
    if done.returncode != 0 and not has_address(address):  # another process may have been faster
        raise EngineError(
            f"The address {address} cannot be added to {_INTERFACE}: {done.stderr.strip()}.",
            remedy="Choose another network.block in the settings.",
        )
    return True


def remove_address(address: IPv4Address) -> None:
    """Take ``address`` away from this host again, if it is there and we may."""
    if os.geteuid() == 0:
        _ip("address", "del", f"{address}/32", "dev", _INTERFACE)


def bridge_address() -> IPv4Address | None:
    """Return this host's address on Docker's default bridge, or None when there is none."""
    found = re.search(r"inet ([0-9.]+)/", _ip("-o", "-4", "address", "show", "docker0").stdout)
    return IPv4Address(found[1]) if found else None


def _ip(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["ip", *arguments], capture_output=True, text=True, check=False, timeout=10
        )
    except FileNotFoundError:
        raise EngineError(
            "The program 'ip' is not installed.", remedy="Install iproute2, then try again."
        ) from None
