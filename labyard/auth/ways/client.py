"""The exchange with a provider: oauthenticator's, with what it must not do taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from oauthenticator.generic import GenericOAuthenticator
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.web import HTTPError

from labyard.auth.answers import own_address
from labyard.auth.ways.endpoints import Endpoints
from labyard.auth.ways.provider import Provider
from labyard.auth.ways.way import CannotAsk, NoLonger

_PATIENCE = 10.0  # seconds
_MOST_BYTES = 1024 * 1024


class Client(GenericOAuthenticator):
    """Talks to one provider. It is never the hub's Authenticator: it only makes and sends requests."""

    callback = ""
    """The path below ``/hub`` to which the provider sends people back."""

    @classmethod
    def of(cls, provider: Provider, callback: str) -> Client:
        """Return the client for ``provider``; its addresses come with :meth:`at`."""
        # A redirect would take the client secret along.
        request = {"follow_redirects": False, "request_timeout": _PATIENCE, "validate_cert": True}
        trusted = {"ca_certs": provider.ca} if provider.ca else {}
        client = cls(
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            scope=list(provider.scopes),
            enable_pkce=True,
            http_request_kwargs={**request, **trusted},
            http_client=AsyncHTTPClient(force_instance=True, max_body_size=_MOST_BYTES),
        )
        client.callback = callback
        return client

    def get_callback_url(self, handler: Any = None) -> str:
        """Return where the provider sends people back to."""
        return own_address(handler) + self.callback.lstrip("/")

    def at(self, endpoints: Endpoints) -> None:
        """Use these addresses from now on."""
        self.authorize_url = endpoints.authorize
        self.token_url = endpoints.token
        self.userdata_url = endpoints.userinfo

    async def get_json(self, url: str) -> Any:
        """Return the JSON at ``url``.

        Raises
        ------
        CannotAsk
        """
        return await self._sent(url, method="GET", headers={"Accept": "application/json"})

    async def tokens(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the provider gives for a code or a refresh token.

        Raises
        ------
        NoLonger
            When it gives nothing for it.
        CannotAsk
        """
        given = await self._sent(
            self.token_url,
            method="POST",
            headers=self.build_token_info_request_headers(),
            body=urlencode({name: value for name, value in params.items() if value is not None}),
        )
        # GitHub answers 200 for a code that is no good.
        if not isinstance(given, dict) or not isinstance(given.get("access_token"), str):
            raise NoLonger("The provider does not accept this sign-in.", remedy="Begin again.")
        return given

    async def userinfo(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the claims that an access token stands for; none where there is no such address.

        Raises
        ------
        NoLonger, CannotAsk
        """
        if not self.userdata_url:
            return {}
        kind = str(given.get("token_type") or "Bearer")
        headers = self.build_userdata_request_headers(given["access_token"], kind)
        said = await self._sent(self.userdata_url, method="GET", headers=headers)
        if not isinstance(said, dict):
            raise CannotAsk("The provider's answer cannot be read.")
        return said

    async def _sent(self, url: str, **request: Any) -> Any:
        try:
            return await self.httpfetch(url, label="asking a provider", **request)
        except HTTPClientError as error:
            if 400 <= error.code < 500 and error.code != 429:
                raise NoLonger(
                    "The provider does not accept this sign-in.", remedy="Begin again."
                ) from error
            self.log.warning("No answer from %s: %s", url.partition("?")[0], error)
        except (OSError, ValueError, HTTPError) as error:
            self.log.warning("No answer from %s: %s", url.partition("?")[0], error)
        raise CannotAsk(
            "The provider cannot be reached.",
            remedy="Try again shortly; if it stays so, tell an administrator.",
        )
