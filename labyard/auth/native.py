"""JupyterHub's Authenticator: passwords of this house, and the ways that the settings switch on."""

from __future__ import annotations

import asyncio
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from jupyterhub.auth import Authenticator
from tornado import web
from traitlets import Bool, Float, Integer, List, Unicode, default

from labyard.audit.requests import Requests
from labyard.auth import (
    api,
    bootstrap,
    browsers,
    hub_users,
    pages,
    recording,
    sessions,
    upstream,
    usernames,
)
from labyard.auth.accounts import Account, Accounts
from labyard.auth.allowlist import AllowList
from labyard.auth.answers import as_http
from labyard.auth.door import Caller, Door, Rules
from labyard.auth.passwords import Passwords
from labyard.auth.throttle import uptime
from labyard.auth.ways import api as ways_api
from labyard.auth.ways.admission import Admission
from labyard.auth.ways.asking import Asking
from labyard.auth.ways.identities import Identities
from labyard.auth.ways.way import Identity
from labyard.auth.ways.ways import Ways
from labyard.core.addresses import caller_address
from labyard.core.errors import Forbidden, LabyardError
from labyard.core.paths import Paths
from labyard.core.store import Store

hub_users.never_reuse_ids()

_REFUSED = "Wrong name or password, or an account that is not approved."


class LabyardAuthenticator(Authenticator):
    """Lets approved accounts in. Wiring sets the options from the settings, and ``ways``."""

    ways = Ways()

    database = Unicode(help="SQLAlchemy URL of the hub's database.", config=True)
    data_dir = Unicode(help="The installation's data directory.", config=True)
    first_admin = Unicode("admin", help="The first administrator.", config=True)
    sign_up = Bool(True, help="Whether people may ask for an account.", config=True)
    allow_list = Unicode(help="File of those who may come in; empty for all.", config=True)
    email_names = Bool(False, help="Admit @ and + and up to 64 characters.", config=True)
    min_password = Integer(12, help="Shortest password.", config=True)
    per_address = Integer(20, help="Failed sign-ins of an address in the window.", config=True)
    per_name = Integer(10, help="Failed sign-ins of a name from one network.", config=True)
    window = Float(300.0, help="Length of the window in seconds.", config=True)
    trusted_proxies = List(
        Unicode(),
        default_value=["127.0.0.1", "::1"],
        help="Addresses whose X-Forwarded-For is believed: the edge's.",
        config=True,
    )
    site_name = Unicode("Labyard", help="Name of the place.", config=True)
    site_help = Unicode("", help="Whom to ask for an account.", config=True)

    @default("any_allow_config")
    def _approval_is_the_allow_config(self) -> bool:
        return True

    @default("auth_refresh_age")
    def _notice_a_withdrawal_soon(self) -> int:
        return 3

    @default("refresh_pre_spawn")
    def _notice_it_before_a_start(self) -> bool:
        return True

    # Who did what. Handed over by wiring.
    audit: ClassVar[Requests | None] = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._began = uptime()
        hub_users.follow()

    @staticmethod
    def template_paths() -> list[str]:
        """Return where this room's templates are, for the hub's ``template_paths``."""
        return [str(Path(__file__).with_name("templates"))]

    # -- what the pages work with -----------------------------------------------------------------

    @cached_property
    def paths(self) -> Paths:
        """Where the installation keeps its state."""
        return Paths(Path(self.data_dir))

    @cached_property
    def accounts(self) -> Accounts:
        """The accounts. Calls block."""
        return Accounts(Store(self.database))

    @cached_property
    def door(self) -> Door:
        """Who comes in."""
        rules = Rules(
            admin=self.first_admin,
            everyone=self.ways.password,
            email_names=self.email_names,
            min_password=self.min_password,
            per_address=self.per_address,
            per_name=self.per_name,
            window=self.window,
        )
        secret = self.parent.cookie_secret
        return Door(self.accounts, Passwords(), rules, secret=secret, began=self._began)

    @cached_property
    def admission(self) -> Admission:
        """Whom a way's word lets in. Calls block."""
        identities = Identities(self.accounts.store, self.ways.seal)
        return Admission(
            identities, self.accounts, self.door.name_objection, self._listed, self.first_admin
        )

    @cached_property
    def asking(self) -> Asking:
        """What ways say before a start."""
        return Asking(self.ways, self.admission, self.audit)

    def caller(self, handler: Any, name: str = "") -> Caller:
        """Return where a request comes from, and whether its browser was let in as ``name`` before."""
        return Caller(
            caller_address(handler.request, self.trusted_proxies),
            known=browsers.known(handler, usernames.normalize(name)),
        )

    async def no_admin_yet(self) -> bool:
        """Return whether the first administrator still has to come in with the secret."""
        return not await asyncio.to_thread(self.accounts.usable_admins)

    def secret_was_used(self) -> None:
        """Delete the bootstrap secret once an administrator has a password."""
        bootstrap.discard(self.paths)

    # -- JupyterHub's seams -----------------------------------------------------------------------

    def normalize_username(self, username: str) -> str:
        """Return the name in lower case, mapped as the site configured."""
        name = usernames.normalize(username)
        return str(self.username_map.get(name, name))

    def validate_username(self, username: str) -> bool:
        """Return whether a normalised name can be used."""
        return not self.door.name_objection(username)

    async def get_authenticated_user(self, handler: Any, data: Any) -> dict[str, Any] | None:
        """Return who signs in by a form or by the token API; the audit has it either way."""
        fields = data if isinstance(data, dict) else {}
        typed = str(fields.get("username") or "")
        way = recording.way(str(fields.get("way") or "password"))
        try:
            found: dict[str, Any] | None = await super().get_authenticated_user(handler, data)
        except Exception as error:
            recording.refused(self.audit, handler, typed, way, error)
            raise
        if found is None:
            recording.refused(self.audit, handler, typed, way, "not-allowed")
        else:
            recording.came_in(self.audit, handler, found["name"], way)
        return found

    async def authenticate(self, handler: Any, data: Any) -> dict[str, Any] | None:
        """Check a name and a password, from the sign-in form or from the hub's token API.

        ``data["way"]`` is the key of the way they belong to; without it they are of this house.
        """
        fields = data if isinstance(data, dict) else {}
        name, password = fields.get("username"), fields.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            raise web.HTTPError(400, "A sign-in has a username and a password.")
        try:
            if way := fields.get("way"):
                account = await self._by_form(handler, str(way), name, password)
            else:
                account = await self.door.sign_in(name, password, self.caller(handler, name))
                if account is not None:
                    await self.demand_listed(account)
        except LabyardError as error:
            raise as_http(error) from None
        if account is None:
            self.log.warning("Refused a sign-in as %r", name[:64])
            raise web.HTTPError(403, _REFUSED)
        return {"name": account.name, "admin": account.admin}

    async def _by_form(self, handler: Any, key: str, name: str, password: str) -> Account | None:
        way = self.ways.asking_password(key)
        async with self.door.attempt(name, self.caller(handler, name)) as attempt:
            identity = await way.check(handler, name, password)
            if identity is None:
                return None
            attempt.good()
        return await self.welcome(handler, identity)

    async def welcome(self, handler: Any, identity: Identity) -> Account:
        """Return the account that somebody comes in as whom a way has recognised.

        Raises
        ------
        LabyardError
            When they may not come in.
        """
        way = self.ways.get(identity.way)
        assert way is not None, identity.way  # noqa: S101  only a way that is on recognises anybody
        bound, account = await asyncio.to_thread(self.admission.admit, identity, way.welcome)
        user = handler.user_from_username(account.name)
        await self.add_user(user)
        await self.asking.give(user, bound, way, identity.groups)
        if user.admin != account.admin:
            recording.admin_told(self.audit, user.name, account.admin)
        return account

    async def demand_listed(self, account: Account) -> None:
        """Do nothing if the account may come in as far as the site's own lists say.

        Raises
        ------
        Forbidden, Unreadable
        """
        await asyncio.to_thread(self._listed, account.name, account.admin)

    def _listed(self, name: str, admin: bool) -> None:
        if name in self.blocked_users:
            raise Forbidden(f"{name} may not come in here.", remedy="Ask an administrator.")
        if self.allow_list:
            AllowList(Path(self.allow_list)).demand(name, admin=admin)

    async def check_allowed(self, username: str, authentication: Any = None) -> bool:
        """Return whether the account is approved."""
        account = await asyncio.to_thread(self.accounts.find, username)
        return account is not None and account.approved

    async def refresh_user(self, user: Any, handler: Any = None) -> bool:
        """Return whether the account is still approved; who is not has to sign in, and cannot."""
        hub_users.mend_address(user)
        return await self.check_allowed(user.name)

    async def add_user(self, user: Any) -> None:
        """Give a user whom the hub was told about an account, which has no password yet."""
        super().add_user(user)
        await asyncio.to_thread(self.accounts.ensure, user.name, admin=bool(user.admin))

    async def demand_start(self, user: Any) -> None:
        """Do nothing if labs of ``user`` may start or be restarted; ask their ways what they may have.

        Raises
        ------
        Forbidden, Unreadable, NoLonger
        """
        account = await asyncio.to_thread(self.accounts.find, user.name)
        if account is None or not account.approved:
            raise Forbidden(f"The account {user.name} is not approved.")
        await self.demand_listed(account)
        await self.asking.before_start(user)

    async def pre_spawn_start(self, user: Any, spawner: Any) -> None:
        """Start nothing for an account that is not approved, not even for an administrator."""
        if begin_anew := getattr(spawner, "begin_anew", None):  # Labyard's own spawner has it
            begin_anew()
        try:
            await self.demand_start(user)
        except LabyardError as error:
            raise as_http(error) from None
        sessions.remember_lab_token(user, spawner)

    def post_spawn_stop(self, user: Any, spawner: Any) -> None:
        """Delete the lab's tokens."""
        sessions.forget_lab_tokens(user, spawner)

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """Return the pages and the REST of this room, below ``/hub``."""
        theirs = [handler for way in self.ways for handler in way.handlers()]
        return [
            *pages.handlers(sign_up=self.sign_up and self.ways.password),
            *api.handlers,
            *ways_api.handlers,
            *upstream.handlers,
            *theirs,
        ]
