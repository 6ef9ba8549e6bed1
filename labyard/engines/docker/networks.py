"""Which subnet a user's network gets, and which address in it a lab. Pure: decides, does nothing."""

from __future__ import annotations

import socket
import struct
from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Any


def subnets(networks: Iterable[Mapping[str, Any]]) -> list[IPv4Network]:
    """Return every IPv4 subnet of ``networks``, as an engine lists them."""
    found = []
    for network in networks:
        for pool in (network.get("IPAM") or {}).get("Config") or ():
            subnet = ip_network(pool.get("Subnet") or "::/0", strict=False)
            if isinstance(subnet, IPv4Network):
                found.append(subnet)
    return found


def routes(table: str) -> list[IPv4Network]:
    """Return the destinations in ``/proc/net/route``, the default route left out."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 8 and (mask := _address(fields[7])) != IPv4Address(0):
            found.append(IPv4Network(f"{_address(fields[1])}/{mask}", strict=False))
    return found


def _address(little_endian: str) -> IPv4Address:
    return IPv4Address(socket.inet_ntoa(struct.pack("<L", int(little_endian, 16))))


def free_subnet(block: IPv4Network, prefix: int, used: Iterable[IPv4Network]) -> IPv4Network | None:
    """Return the lowest free subnet of ``prefix`` bits in ``block``, or None when it is full.

    The last one is never given away: the hub's own address is in it. One sweep over the sorted
    ``used`` subnets, so that a block of thousands is no burden.
    """
    size = 1 << (32 - prefix)
    start, last = int(block.network_address), int(block.broadcast_address) + 1 - size
    for taken in sorted(used, key=lambda n: int(n.network_address)):
        first, end = int(taken.network_address), int(taken.broadcast_address)
        if first >= start + size:
            break
        if end >= start:
            start = (end // size + 1) * size
    return IPv4Network((start, prefix)) if start < last else None


def free_address(subnet: IPv4Network, taken: Collection[IPv4Address]) -> IPv4Address | None:
    """Return the lowest free address of ``subnet``, or None. The first one is the gateway's."""
    for number in range(2, subnet.num_addresses - 1):
        if (address := subnet.network_address + number) not in taken:
            return address
    return None
