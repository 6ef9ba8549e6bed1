"""Where a provider does what, and the keys it signs with: discovered when first needed, and kept a while.

So a hub starts while a provider is away.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labyard.auth.ways.provider import Provider
from labyard.auth.ways.way import CannotAsk

Fetch = Callable[[str], Awaitable[Any]]
"""Returns the JSON at an address, or raises :class:`CannotAsk`."""

# Seconds that what was discovered holds, and between two looks for a key that is not known.
_HOLDS, _KEYS_HOLD = 3600.0, 30.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of one provider; those it does not have are empty."""

    authorize: str
    token: str
    userinfo: str
    jwks: str
    end_session: str


class Discovery:
    """The endpoints and the keys of one provider."""

    def __init__(self, provider: Provider, fetch: Fetch) -> None:
        self._provider = provider
        self._fetch = fetch
        self._found: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, Mapping[str, Any]] | None = None

    async def endpoints(self) -> Endpoints:
        """Return them.

        Raises
        ------
        CannotAsk
            When they cannot be discovered, or what is discovered is another issuer's.
        """
        if self._found is None or time.monotonic() - self._found[0] > _HOLDS:
            self._found = time.monotonic(), await self._discover()
        return self._found[1]

    async def keys(self, *, anew: bool = False) -> Mapping[str, Any]:
        """Return the key set; ``anew`` if the one before lacks a key.

        Raises
        ------
        CannotAsk
            When it cannot be had.
        """
        age = time.monotonic() - self._keys[0] if self._keys else _HOLDS
        if self._keys is None or age >= (_KEYS_HOLD if anew else _HOLDS):
            keys = await self._fetch((await self.endpoints()).jwks)
            if not isinstance(keys, dict):
                raise CannotAsk(f"The keys of {self._provider.label} are none.")
            self._keys = time.monotonic(), keys
        return self._keys[1]

    async def _discover(self) -> Endpoints:
        provider = self._provider
        said = Endpoints(
            provider.authorize_url,
            provider.token_url,
            provider.userinfo_url,
            provider.jwks_url,
            provider.end_session_url,
        )
        if said.authorize and said.token and said.userinfo and (said.jwks or not provider.oidc):
            return said
        document = await self._fetch(
            f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        )
        if not isinstance(document, dict) or document.get("issuer") != provider.issuer:
            raise CannotAsk(
                f"What answers for {provider.label} says that it is another issuer.",
                remedy="Tell an administrator; the issuer in the settings has to be the same, letter by"
                " letter.",
            )

        def at(name: str, given: str) -> str:
            return given or self._safe(document.get(name))

        return Endpoints(
            authorize=at("authorization_endpoint", said.authorize),
            token=at("token_endpoint", said.token),
            userinfo=at("userinfo_endpoint", said.userinfo),
            jwks=at("jwks_uri", said.jwks),
            end_session=at("end_session_endpoint", said.end_session),
        )

    def _safe(self, address: object) -> str:
        """Return an address that was discovered; no secret goes over plain HTTP if the issuer is on TLS."""
        if not isinstance(address, str):
            return ""
        scheme = self._provider.issuer.partition("://")[0]
        if not address.startswith(("https://", f"{scheme}://")):
            raise CannotAsk(f"{self._provider.label} names an address without TLS.")
        return address
