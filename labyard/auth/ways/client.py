"""The exchange with a provider: oauthenticator's, with what it must not do taken away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
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

# What is said of a code or a refresh token that is no good: by RFC 6749, and by GitHub, with status 200.
_NO_GOOD = {"invalid_grant", "bad_verification_code", "bad_refresh_token"}


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
        try:
            return await self._sent(url, method="GET", headers={"Accept": "application/json"})
        except HTTPClientError as error:
            raise _silent() from error

    async def tokens(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the provider gives for a code or a refresh token.

        Raises
        ------
        NoLonger
            When it says that the code or the token is no good.
        CannotAsk
            When it gives nothing for any other reason, such as another client secret.
        """
        try:
            given = await self._sent(
                self.token_url,
                method="POST",
                headers=self.build_token_info_request_headers(),
                body=urlencode(
                    {name: value for name, value in params.items() if value is not None}
                ),
            )
        except HTTPClientError as error:
            given = _body(error)
        said = given if isinstance(given, dict) else {}
        if isinstance(said.get("access_token"), str):
            return said
        raise _refused() if said.get("error") in _NO_GOOD else _silent()

    async def userinfo(self, access: str) -> Mapping[str, Any] | None:
        """Return the claims that an access token stands for; None where there is no such address.

        Raises
        ------
        NoLonger, CannotAsk
        """
        if not self.userdata_url:
            return None
        headers = self.build_userdata_request_headers(access, "Bearer")
        try:
            said = await self._sent(self.userdata_url, method="GET", headers=headers)
        except HTTPClientError as error:
            raise (_refused() if error.code == HTTPStatus.UNAUTHORIZED else _silent()) from error
        if not isinstance(said, dict):
            raise CannotAsk("The provider's answer cannot be read.")
        return said

    async def _sent(self, url: str, **request: Any) -> Any:
        """Return the JSON of an answer.

        Raises
        ------
        HTTPClientError
            When the answer is a refusal (4xx).
        CannotAsk
            When there is none.
        """
        try:
            return await self.httpfetch(url, label="asking a provider", **request)
        except HTTPClientError as error:
            self.log.warning("No answer from %s: %s", url.partition("?")[0], error)
            if HTTPStatus.BAD_REQUEST <= error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
        except (OSError, ValueError, HTTPError) as error:
            self.log.warning("No answer from %s: %s", url.partition("?")[0], error)
        raise _silent()


def _body(error: HTTPClientError) -> Any:
    try:
        return json.loads(error.response.body) if error.response else None
    except ValueError:
        return None


def _refused() -> NoLonger:
    return NoLonger("The provider does not accept this sign-in.", remedy="Begin again.")


def _silent() -> CannotAsk:
    return CannotAsk(
        "The provider cannot be reached, or does not answer this place.",
        remedy="Try again shortly; if it stays so, tell an administrator.",
    )
