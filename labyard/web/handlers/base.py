"""What all handlers share: who asks, what they may, and how errors are said."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyterhub.services.auth import HubOAuth, HubOAuthenticated
from tornado.web import HTTPError, RequestHandler

from labyard.audit.requests import Requests
from labyard.audit.trail import Trail
from labyard.core.errors import LabyardError
from labyard.core.models import Owner
from labyard.core.names import Names
from labyard.core.origins import refuse_fetched, refuse_foreign
from labyard.display.choices import Display
from labyard.display.shelf import Shelf
from labyard.expiry.idling import Culler
from labyard.expiry.keeper import Keeper
from labyard.expiry.store import Expiries
from labyard.incidents.watcher import Watcher
from labyard.settings.load import Loaded
from labyard.settings.schema import Settings
from labyard.ssh.keyring import Keyring
from labyard.volumes.sizes import Sizes
from labyard.web import rights, security
from labyard.web.accounts import Accounts
from labyard.web.actions import Actions
from labyard.web.announced import Announcements
from labyard.web.dismissed import Dismissed
from labyard.web.leaving import Leaving
from labyard.web.onbehalf import OnBehalf, current
from labyard.web.page import Frame
from labyard.web.people import People
from labyard.web.sampler import Sampler
from labyard.web.shares import Shares

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the handlers work with. ``settings`` hold in the hub; ``loaded`` is as they were written."""

    settings: Settings
    loaded: Loaded
    names: Names
    actions: Actions
    accounts: Accounts
    leaving: Leaving
    people: People
    sampler: Sampler
    announcements: Announcements
    dismissed: Dismissed
    sizes: Sizes
    watcher: Watcher
    frame: Frame
    auth: HubOAuth
    keyring: Keyring
    shelf: Shelf
    expiries: Expiries
    keeper: Keeper
    culler: Culler
    audit: Requests
    trail: Trail
    shares: Shares
    spool: Path  # where files wait that are on their way


class SignInNeeded(LabyardError):
    """Nobody is signed in."""

    code = "sign-in"
    status = 401


class Protected(RequestHandler):
    """A handler whose every answer carries what protects it, errors too."""

    def set_default_headers(self) -> None:
        """Protect the answer."""
        for name, value in security.headers().items():
            self.set_header(name, value)
        self.clear_header("Server")


class Handler(HubOAuthenticated, Protected):
    """A handler that knows who asks. Nothing is granted but what a subclass demands and gets."""

    parts: Parts
    wrong: LabyardError | None = None
    """What kept a request from being done, also where its answer is a page; for the audit."""

    def initialize(self, parts: Parts) -> None:
        """Take what the application was made of, and note where the request came from."""
        self.parts = parts
        self.hub_auth = parts.auth
        self.behalf = OnBehalf(parts.audit.address(self.request))
        current.set(self.behalf)

    def refuse_foreign(self) -> None:
        """Refuse what another site's page, or a lab's, is behind."""
        request, labs = self.request, f"{self.parts.settings.base_url}user/"
        try:
            refuse_foreign(request.method, request.host, request.headers, labs=labs)
        except LabyardError:
            self.parts.audit.forged(self)
            raise

    def refuse_fetched(self) -> None:
        """Refuse what no person clicked: what is large and private is not for a lab's page to fetch."""
        labs = f"{self.parts.settings.base_url}user/"
        refuse_fetched(self.request.headers, labs=labs)

    async def prepare(self) -> None:
        """Refuse what comes from elsewhere; find out who asks without holding up anybody."""
        self.refuse_foreign()
        security.refuse_large(self.request.body)
        await self.hub_auth.get_user(self, sync=False)
        if self.caller is not None and self.request.method not in {"GET", "HEAD", "OPTIONS"}:
            self.check_xsrf_cookie()

    @property
    def caller(self) -> Mapping[str, Any] | None:
        """Return the hub's model of whoever asks."""
        return self.current_user  # type: ignore[no-any-return]

    @property
    def refused(self) -> bool:
        """Return whether nothing was done."""
        return self.wrong is not None or self.get_status() >= 400

    @property
    def token(self) -> str:
        """Return the caller's own token, from header or cookie."""
        return str(self.hub_auth.get_token(self))

    @property
    def xsrf(self) -> str:
        """Return the token that the page's forms carry."""
        return str(self.xsrf_token.decode("ascii"))

    async def allowed(self, scope: str, user: str) -> Owner:
        """Return the user if the caller holds ``scope`` for it."""
        if self.caller is None:
            raise SignInNeeded("Nobody is signed in.", remedy="Send a token of the hub's.")
        rights.demand(self.caller, scope, user)
        return await self.parts.people.owner(user)

    def explain(self, status: int, error: BaseException | None) -> dict[str, Any]:
        """Set status and headers for what went wrong, and return the words for it."""
        self.wrong = error if isinstance(error, LabyardError) else None
        status, words = problem(status, error)
        self.set_status(status)
        if isinstance(error, LabyardError) and error.wait:
            self.set_header("Retry-After", error.wait)
        return words

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what is a bug; an error that a person was told is none."""
        if not isinstance(value, LabyardError):
            super().log_exception(typ, value, tb)


def problem(status: int, error: BaseException | None) -> tuple[int, dict[str, Any]]:
    """Return the status and the words for an error; a bug is told as an id in the log only."""
    if isinstance(error, LabyardError):
        return error.status, error.as_json()
    if status < 500 and (error is None or isinstance(error, HTTPError)):
        message = (error.reason or error.log_message or "") if error else ""
        return status, {"error": "refused", "message": message, "remedy": "", "status": status}
    log_id = secrets.token_hex(4)
    log.error("Problem %s: %r", log_id, error)
    return status, {
        "error": "internal",
        "message": "Something went wrong.",
        "remedy": f"Try again; if it goes on, tell your administrator this number: {log_id}.",
        "status": status,
        "id": log_id,
    }


class JsonHandler(Handler):
    """A handler of the REST API: JSON in, JSON out."""

    def reply(self, value: Any, status: int = 200) -> None:
        """Finish with ``value``."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(value) + "\n")

    def body(self) -> Mapping[str, Any]:
        """Return the request's JSON object."""
        return security.parse_json(self.request.body)

    def get_login_url(self) -> str:
        """Refuse instead of leading to a sign-in page."""
        raise SignInNeeded("Nobody is signed in.", remedy="Send a token of the hub's.")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what went wrong, as JSON."""
        words = self.explain(status_code, kwargs.get("exc_info", (None, None))[1])
        self.reply(words, words["status"])


class PageHandler(Handler):
    """A handler of pages, for people."""

    display: Display | None = None

    async def prepare(self) -> None:
        """Find out who asks, and how that person wants to see the page."""
        await super().prepare()
        if self.caller is not None and self.caller.get("kind") == "user":
            owner = await self.parts.people.owner(self.caller["name"])
            self.display = await asyncio.to_thread(self.parts.shelf.of, owner.id)

    def show(self, template: str, status: int = 200, **more: Any) -> None:
        """Finish with a page."""
        page, nonce = self.parts.frame.render(
            template, caller=self.caller, xsrf=self.xsrf, display=self.display, **more
        )
        self.set_status(status)
        self.set_header("Content-Security-Policy", security.policy(nonce))
        self.finish(page)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what went wrong, as a page."""
        words = self.explain(status_code, kwargs.get("exc_info", (None, None))[1])
        page, nonce = self.parts.frame.render(
            "error.html",
            caller=getattr(self, "_hub_auth_user_cache", None),
            xsrf="",
            display=self.display,
            status_code=words["status"],
            message=words["message"] if "id" not in words else "",
            remedy=words["remedy"],
            log_id=words.get("id", ""),
        )
        self.set_header("Content-Security-Policy", security.policy(nonce))
        self.finish(page)


def signed_in(method: Any) -> Any:
    """Lead whoever is not signed in to the hub, and back; a background request to a whole reload."""

    @functools.wraps(method)
    async def guarded(self: PageHandler, *args: Any, **kwargs: Any) -> None:
        if self.caller is not None:
            await method(self, *args, **kwargs)
        elif "HX-Request" in self.request.headers:
            self.set_header("HX-Refresh", "true")
            self.set_status(401)
            self.finish()
        elif self.request.method in {"GET", "HEAD"}:
            self.redirect(self.get_login_url())
        else:
            raise SignInNeeded(
                "The page was open for too long, or you are signed out.",
                remedy="Go home, sign in if need be, and try again.",
            )

    return guarded
