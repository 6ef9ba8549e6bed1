"""Sign-in at a provider: OpenID Connect, or plain OAuth 2 where a provider signs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from jupyterhub.utils import url_path_join

from labyard.auth.ways import claims, oidc_pages, tokens
from labyard.auth.ways.client import Client
from labyard.auth.ways.endpoints import Discovery
from labyard.auth.ways.held import Held
from labyard.auth.ways.provider import Provider
from labyard.auth.ways.way import Bound, CannotAsk, Identity, Keep, Way


class Oidc(Way):
    """One provider.

    ``callback`` is the path below ``/hub`` to which it sends people back.
    """

    def __init__(self, provider: Provider, *, callback: str) -> None:
        super().__init__(provider.key, provider.label, provider.welcome)
        self.trusted_groups = frozenset(provider.groups.values())
        self.provider = provider
        self.client = Client.of(provider, callback)
        self._discovery = Discovery(provider, self.client.get_json)
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
        address = (await self._discovery.endpoints()).end_session
        sent = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back}
        return f"{address}?{urlencode(sent)}" if address else ""

    async def ready(self) -> Client:
        """Return the client, which knows where everything is by now.

        Raises
        ------
        CannotAsk
        """
        self.client.at(await self._discovery.endpoints())
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
        signed = await self._signed(given, nonce)
        held = Held.given(given)
        return self._identity(held, signed, await client.userinfo(held.access))

    async def ask(self, bound: Bound, keep: Keep) -> Identity:
        """Return what the provider says by now, by refresh token if it gave one, else by access token."""
        held = Held.load(bound.kept)
        if held is None or held.over:
            raise CannotAsk(f"{self.label} has given nothing to ask with, or not for so long.")
        client = await self.ready()
        signed: Mapping[str, Any] = {}
        if held.refresh:
            given = await client.tokens(client.build_refresh_token_request_params(held.refresh))
            held = Held.given(given, held)
            await keep(held.dump())  # the one before may be spent
            signed = await self._signed(given, None)
        said = await client.userinfo(held.access)
        if not signed and (said is None or held.groups_in_token):
            raise CannotAsk(f"{self.label} speaks of groups only when somebody signs in.")
        return self._identity(held, signed, said)

    def _identity(
        self, held: Held, signed: Mapping[str, Any], said: Mapping[str, Any] | None
    ) -> Identity:
        """Return who it is by the id token and the userinfo address, of which one may say nothing."""
        shown = {} if said is None else said
        subject = (signed or shown).get("sub")
        alike = said is None or said.get("sub") == subject
        if self.provider.oidc and not (subject and alike):
            raise tokens.BadToken("it does not name one and the same person")
        in_token = claims.has_groups(self.provider, signed)
        kept = replace(
            held, groups_in_token=in_token and not claims.has_groups(self.provider, shown)
        )
        return claims.identity(self.provider, {**signed, **shown, "sub": subject}, kept=kept.dump())

    async def _signed(self, given: Mapping[str, Any], nonce: str | None) -> Mapping[str, Any]:
        """Return the claims of the id token; none after a refresh, which may come without."""
        token = given.get("id_token")
        if not self.provider.oidc or (token is None and nonce is None):
            return {}
        if not isinstance(token, str):
            raise tokens.BadToken("there is no id token")
        for anew in (False, True):
            keys = await self._discovery.keys(anew=anew)
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
