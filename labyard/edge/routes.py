"""A route: which paths go to which address. Pure, but for the look-up of a host's name.

HAProxy compares bytes, and one path has many spellings (``/user/a@b/``, ``/user/a%40b/``). So both sides
are brought to one: :func:`key` here for a route, and the same steps in ``config.py`` for a request.
In a key only ``/`` that was sent as ``/`` separates: an encoded one (``%2F``) stays a part of a name, as does
a percent sign that was itself encoded. Nothing is decoded twice, and nothing after the look-up.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from labyard.edge.errors import BadRoute

# A request's path is compared up to here, so a route must end before.
LONGEST_KEY = 1000

# Percent signs that must survive the one decoding: of "%", of "/", and of nothing valid.
PROTECTED = "%(?=25|2[fF]|(?![0-9a-fA-F]{2}))"


_HOST = re.compile(r"[a-z0-9.-]*")


def key(path: str) -> str:
    """Return the one spelling of ``path`` in which routes and requests are compared."""
    return quote(unquote_to_bytes(re.sub(PROTECTED, "%25", path)), safe="/@")


def place(spec: str) -> str:
    """Return the one spelling of a routespec: a path, or a host's name and a path."""
    host, _, path = spec.partition("/")
    return host.lower() + key(f"/{path}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a route leads: an IP address, because HAProxy asks no name server for each request."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def split_target(target: str) -> tuple[str, int]:
    """Return host and port of ``target``: ``http://host:port``, or ``host:port`` alone.

    Raises
    ------
    BadRoute
        When it is anything else: labs and hub are reached over plain HTTP, at the root.
    """
    try:
        url = urlsplit(target if "://" in target else f"http://{target}")
        host, port = url.hostname, url.port or 80
        plain = url.scheme == "http" and url.path in ("", "/") and not (url.query or url.username)
    except (ValueError, AttributeError):
        host, port, plain = None, 0, False
    if not host or not plain or re.search(r"[\s|%]", host):
        raise BadRoute(
            f"A route cannot lead to {target!r}.",
            remedy="It must be http://address:port, without a path.",
        )
    return host, port


async def resolve(target: str) -> Address:
    """Return the address ``target`` stands for.

    Raises
    ------
    BadRoute
        When it is not an ``http://host:port``, or its host has no address.
    """
    host, port = split_target(target)
    try:
        return Address(str(ip_address(host)), port)
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadRoute(
            f"The host of {target!r} has no address.", remedy="Check its name and this host's DNS."
        ) from None
    return Address(str(found[0][4][0]), port)


@dataclass(frozen=True, slots=True)
class Route:
    """One route, as JupyterHub gave it and as HAProxy has it.

    ``value`` is ``address|port|kind``; kind is ``lab`` for a person's server, ``hub`` for the hub and ``own``
    for its services. Both of these take request bodies up to a limit; only the hub is told who somebody is.
    """

    spec: str
    target: str
    data: Mapping[str, Any]
    key: str
    value: str
    # Kept ready: all of them are written at every change.
    text: str = field(repr=False, compare=False)

    @classmethod
    def make(cls, spec: str, target: str, data: Mapping[str, Any], address: Address) -> Route:
        """Return the route for ``spec``: a path that ends in ``/``, or a host's name and such a path.

        Raises
        ------
        BadRoute
            When no request could be told to belong to it.
        """
        name, host = place(spec), spec.partition("/")[0]
        if not spec.endswith("/") or "%25" in name or not _HOST.fullmatch(host.lower()):
            raise BadRoute(
                f"No route can be made for {spec!r}.",
                remedy="It must be a path that begins and ends with '/' and holds no encoded '/' or"
                " '%'; before it, at most the name of a host.",
            )
        if len(name) > LONGEST_KEY:
            raise BadRoute(
                f"The path {spec[:60]!r}... is too long for a route.",
                remedy=f"It may have {LONGEST_KEY} characters.",
            )
        kind = "lab" if "user" in data else "hub" if "hub" in data else "own"
        value = f"{address.host}|{address.port}|{kind}"
        kept = {"spec": spec, "target": target, "data": dict(data), "value": value}
        # JSON keeps to one line and to ASCII.
        return cls(spec, target, data, name, value, f"# {json.dumps(kept)}\n{name} {value}\n")

    def as_jupyterhub(self) -> dict[str, Any]:
        """Return the route the way JupyterHub asks for it."""
        return {"routespec": self.spec, "target": self.target, "data": dict(self.data)}


def dumps(routes: Iterable[Route]) -> str:
    """Return the file of ``routes``: HAProxy's map, with the rest of each route in a comment."""
    return "".join(route.text for route in routes)


def loads(text: str) -> dict[str, Route]:
    """Return the routes of a file by key. A line that cannot be read costs that route only."""
    routes = {}
    for line in text.splitlines():
        if line.startswith("# "):
            try:
                kept = json.loads(line[2:])
                host, port, _ = kept["value"].split("|")
                address = Address(host, int(port))
                route = Route.make(kept["spec"], kept["target"], kept["data"], address)
            except (ValueError, KeyError, TypeError, AttributeError, BadRoute):
                continue
            routes[route.key] = route
    return routes
