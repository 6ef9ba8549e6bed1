"""How the hub tells what the edge says from what anybody else says at its port.

Labs reach that port, and so do other programs of this machine. What they write of who they are or where they
come from is forgotten before anything reads it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hmac import compare_digest

from labyard.core.addresses import client_address
from labyard.edge.headers import FORWARDING, VOUCHED, pattern

LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Vouching:
    """What the hub believes, and of whom.

    ``secret`` is what the edge adds to each request for the hub. Where it can add none
    (configurable-http-proxy), requests from the addresses ``edges`` are taken for its own, and nobody's word
    on who somebody is. ``proxies`` are the addresses and networks before the edge, ``identity`` the
    lower-cased headers in which they say who somebody is.
    """

    secret: str = field(default="", repr=False)
    edges: Collection[str] = LOOPBACK
    proxies: Sequence[str] = ()
    identity: tuple[str, ...] = ()

    def sift(self, headers: MutableMapping[str, str], peer: str) -> str:
        """Take off of ``headers`` what nobody vouches for; return the address the request came from.

        ``peer`` is the address at the other end of the connection. ``X-Forwarded-For`` says no more
        than the address that is returned.
        """
        vouched = self._vouched(headers.get(VOUCHED, ""), peer)
        kept = self._kept if vouched else ()
        for name in [name for name in headers if self._pattern.match(name.lower())]:
            if name.lower() not in kept:
                del headers[name]
        if not vouched:
            return peer
        trusted = (peer, *self.proxies)
        origin = client_address(peer, headers.get("X-Forwarded-For", ""), trusted)
        headers["X-Forwarded-For"] = origin
        return origin

    def _vouched(self, said: str, peer: str) -> bool:
        if self.secret:
            return compare_digest(said.encode(), self.secret.encode())
        return peer in self.edges

    @property
    def _kept(self) -> tuple[str, ...]:
        return (*FORWARDING, *self.identity) if self.secret else FORWARDING

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(pattern(self.identity))
