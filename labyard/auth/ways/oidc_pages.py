"""Where sign-in at a provider begins, and where people come back: oauthenticator's pages, made strict.

State and PKCE are oauthenticator's. Each provider has a state cookie of its own, so that what one of them
answers is never taken for another's, and the id token is tied to it by a nonce.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

from oauthenticator.oauth2 import OAuthCallbackHandler, OAuthLoginHandler, _deserialize_state
from tornado import web

from labyard.auth.answers import Page
from labyard.auth.ways.arrival import Arrival, Told
from labyard.auth.ways.way import Identity
from labyard.core.errors import LabyardError, Refused

if TYPE_CHECKING:
    from labyard.auth.ways.oidc import Oidc

_DAYS = 1 / 24  # how long somebody may take to sign in at the provider


class Stale(Refused):
    """Somebody comes back who did not set out from here, or twice."""

    code = "stale"

    def __init__(self) -> None:
        super().__init__(
            "This sign-in was begun somewhere else, too long ago, or is over already.",
            remedy="Begin again from the sign-in page.",
        )


class NotGiven(LabyardError):
    """The provider sends somebody back without having signed them in."""

    code = "not-given"
    status = 403


def _nonce(state: str) -> str:
    """Return what the id token of the sign-in with this state has to carry."""
    verifier = str(_deserialize_state(state).get("code_verifier", ""))
    return hashlib.sha256(f"nonce {verifier}".encode()).hexdigest()


class Begin(Told, OAuthLoginHandler):
    """Sends people to the provider."""

    way: ClassVar[Oidc]
    _client: Any = None
    _state = ""

    @property
    def authenticator(self) -> Any:
        """Return the provider's client where oauthenticator's code runs, else the hub's own."""
        return self._client or super().authenticator

    async def get(self) -> None:
        """Go to the provider."""
        try:
            client = await self.way.ready()
        except LabyardError as error:
            await self.refuse(error)
            return
        try:
            self._client = client
            super().get()
        finally:
            self._client = None

    def set_state_cookie(self, state_cookie_value: str) -> None:
        """Keep the state in this browser, apart from other providers'."""
        self._state = state_cookie_value
        self._set_cookie(_cookie(self.way), self._state, path=self.hub.base_url, expires_days=_DAYS)

    def authorize_redirect(self, **options: Any) -> None:
        """Go there, with a nonce where there will be an id token to carry it."""
        nonce = {"nonce": _nonce(self._state)} if self.way.provider.oidc else {}
        own = self.way.provider.authorize_params
        options["extra_params"] = {**own, **options["extra_params"], **nonce}
        super().authorize_redirect(**options)


class Callback(Arrival, OAuthCallbackHandler):
    """Takes in who comes back from the provider."""

    way: ClassVar[Oidc]
    _state_cookie: str | None = None

    async def get(self) -> None:
        """Sign in who comes back, if it is the browser that set out."""
        try:
            identity = await self._identity()
        except LabyardError as error:
            await self.refuse(error)
        else:
            await self.come_in(identity)

    async def _identity(self) -> Identity:
        state = self.get_state_cookie()
        try:
            self.check_state()  # first: nothing else of the address is worth a look without it
        except web.HTTPError:
            raise Stale from None
        self._check_answer()
        params = self.way.client.build_access_tokens_request_params(self)
        return await self.way.redeem(params, _nonce(state))

    def get_state_cookie(self) -> str:
        """Return the state that this browser set out with. It is good once."""
        if self._state_cookie is None:
            name = _cookie(self.way)
            cookie = self.get_secure_cookie(name, max_age_days=_DAYS) or b""
            self._state_cookie = cookie.decode("utf-8", "replace")
            self.clear_cookie(name, path=self.hub.base_url)
        return self._state_cookie

    def get_next_url(self, user: Any = None, default: Any = None) -> str:
        """Return where the person wanted to go, if that is a place here."""
        wanted = _deserialize_state(self.get_state_cookie()).get("next_url") or ""
        return self._validate_next_url(wanted) or str(Page.get_next_url(self, user, default))

    def _check_answer(self) -> None:
        label = self.way.label
        if self.get_query_argument("error", ""):
            raise NotGiven(
                f"{label} did not sign you in.", remedy="Begin again, or choose another way."
            )
        issuer = self.get_query_argument("iss", "")
        if issuer and issuer != self.way.provider.issuer:
            raise NotGiven("Another provider answered.", remedy="Begin again.")
        if not self.get_query_argument("code", ""):
            raise Stale


def _cookie(way: Oidc) -> str:
    return f"labyard-way-{way.key}"


def handlers(way: Oidc, begin: str, callback: str) -> list[tuple[str, type]]:
    """Return the two pages of one provider."""
    return [
        (begin, type("Begin", (Begin,), {"way": way})),
        (callback, type("Callback", (Callback,), {"way": way})),
    ]
