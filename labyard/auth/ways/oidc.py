"""Sign-in at a provider: OpenID Connect, or plain OAuth 2 where a provider signs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from jupyterhub.utils import url_path_join

from labyard.auth.ways import claims, oidc_pages, tokens
from labyard.auth.ways.client import Client
from labyard.auth.ways.endpoints import Directory
from labyard.auth.ways.provider import Provider
from labyard.auth.ways.way import Bound, CannotAsk, Identity, Way


class Oidc(Way):
    """One provider.

    ``callback`` is the path below ``/hub`` to which it sends people back.
    """

    def __init__(self, provider: Provider, *, callback: str) -> None:
        super().__init__(provider.key, provider.label, provider.welcome)
        self.trusted_groups = frozenset(provider.groups.values())
        self.provider = provider
        self.client = Client.of(provider, callback)
        self._directory = Directory(provider, self.client.get_json)
        self._begin, self._callback = f"/ways/{provider.key}", callback

    def handlers(self) -> list[tuple[str, type]]:
        """Return where sign-in begins, and where the provider sends people back to."""
        return oidc_pages.handlers(self, self._begin, self._callback)

    def address(self, hub: str) -> str:
        """Return where sign-in begins."""
        return str(url_path_join(hub, self._begin))

    async def farewell(self, back: str) -> str:
        """Return where the session at the provider ends, ``back`` being where to go on from there."""
        if not self.provider.sign_out:
            return ""
        address = (await self._directory.endpoints()).end_session
        sent = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back}
        return f"{address}?{urlencode(sent)}" if address else ""

    async def ready(self) -> Client:
        """Return the client, which knows where everything is by now.

        Raises
        ------
        CannotAsk
        """
        self.client.at(await self._directory.endpoints())
        return self.client

    async def redeem(self, params: Mapping[str, Any], nonce: str) -> Identity:
        """Return who comes back with a code.

        Raises
        ------
        LabyardError
            When the provider does not take the code, or what it says does not hold.
        """
        client = await self.ready()
        given = await client.tokens(params)
        return await self._identity(given, nonce)

    async def ask(self, bound: Bound) -> Identity:
        """Return what the provider says by now, by refresh token if it gave one, else by access token."""
        kept = json.loads(bound.kept or "{}")
        if not kept:
            raise CannotAsk(f"{self.label} has given nothing to ask with.")
        client = await self.ready()
        if refresh := kept.get("refresh"):
            given = await client.tokens(client.build_refresh_token_request_params(refresh))
            return await self._identity({"refresh_token": refresh, **given}, None, kept)
        return await self._identity({"access_token": kept["access"]}, None, kept)

    async def _identity(
        self, given: Mapping[str, Any], nonce: str | None, before: Mapping[str, Any] | None = None
    ) -> Identity:
        signed = await self._signed(given, nonce)
        said = await self.client.userinfo(given)
        subject = signed.get("sub", said.get("sub"))
        if self.provider.oidc and (not subject or said.get("sub", subject) != subject):
            raise tokens.BadToken("it speaks of two people")
        in_token = claims.has_groups(self.provider, signed)
        if before and before["groups_in_token"] and not signed:
            raise CannotAsk(f"{self.label} speaks of groups only when somebody signs in.")
        kept = {
            "access": given["access_token"],
            "refresh": given.get("refresh_token"),
            "groups_in_token": in_token and not claims.has_groups(self.provider, said),
        }
        return claims.identity(
            self.provider, {**signed, **said, "sub": subject}, kept=json.dumps(kept)
        )

    async def _signed(self, given: Mapping[str, Any], nonce: str | None) -> Mapping[str, Any]:
        """Return the claims of the id token; none after a refresh, which may come without."""
        token = given.get("id_token")
        if not self.provider.oidc or (token is None and nonce is None):
            return {}
        if not isinstance(token, str):
            raise tokens.BadToken("there is no id token")
        for anew in (False, True):
            keys = await self._directory.keys(anew=anew)
            try:
                return tokens.verify(
                    token,
                    keys,
                    issuer=self.provider.issuer,
                    audience=self.provider.client_id,
                    nonce=nonce,
                )
            except tokens.UnknownKey:
                continue
        raise tokens.BadToken("it is signed with a key that the provider does not publish")
