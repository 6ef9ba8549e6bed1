"""Where a request came from, as far as it can be believed. Pure."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any


def caller_address(request: Any, trusted: Collection[str]) -> str:
    """Return the address that a request of tornado's came from; ``unix`` for a socket without one.

    The socket's own address counts, and ``X-Forwarded-For`` as :func:`client_address` has it.
    """
    socket = request.connection.context.address
    peer = str(socket[0]) if isinstance(socket, tuple) else "unix"
    return client_address(peer, request.headers.get("X-Forwarded-For", ""), trusted)


def client_address(peer: str, forwarded_for: str, trusted: Collection[str]) -> str:
    """Return the address a request came from.

    ``forwarded_for`` is believed only as far as trusted proxies wrote it: the last address in it that
    is not a proxy's, if ``peer`` is one. ``trusted`` are addresses and networks.
    """
    chain = [*(part.strip() for part in forwarded_for.split(",") if part.strip()), peer]
    while len(chain) > 1 and _within(chain[-1], trusted):
        chain.pop()
    return chain[-1] if parse(chain[-1]) else peer


def _within(address: str, networks: Collection[str]) -> bool:
    parsed = parse(address)
    return parsed is not None and any(parsed in ip_network(network) for network in networks)


def host(address: str) -> str:
    """Return what counts as one host: an IPv4 address, or the /64 of an IPv6 address."""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed or address)


def parse(address: str) -> IPv4Address | IPv6Address | None:
    """Return an address, an IPv4 one that is written as IPv6 as itself; None for anything else."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
