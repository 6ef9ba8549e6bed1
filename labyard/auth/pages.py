"""The pages of sign-in, below ``/hub``. Everything that changes something is a POST with an XSRF token."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from jupyterhub.handlers import login
from tornado import web
from tornado.httputil import url_concat

from labyard.audit import actions as act
from labyard.audit import entry
from labyard.auth import browsers, recording, sessions
from labyard.auth.accounts import Account
from labyard.auth.answers import Page, own_address
from labyard.auth.ways.way import CannotAsk
from labyard.core.errors import Forbidden, LabyardError, Refused

# What the sign-in page's address says to get the form where passwords are switched off.
PASSWORD = "password"  # noqa: S105
_MISMATCH = "The two passwords differ."


class LoginHandler(Page, login.LoginHandler):
    """Sign in. JupyterHub's own, with clearer answers and a browser that is remembered."""

    _first_start = False

    async def prepare(self) -> None:
        """Find out whether there is an administrator yet: the page then says how to begin."""
        await super().prepare()
        self._first_start = await self.authenticator.no_admin_yet()

    async def post(self) -> None:
        """Check the name and the password, then go where the person wanted to."""
        name = self.field("username", strip=True)
        sent = {"username": name, "password": self.field("password")}
        try:
            user = await self.login_user({**sent, "way": self.get_body_argument("way", "")})
        except web.HTTPError as error:
            for header, value in getattr(error, "headers", {}).items():
                self.set_header(header, value)
            self.set_status(error.status_code)
            self.finish(await self._render(login_error=error.get_message(), username=name[:64]))
            return
        if user is None:
            raise web.HTTPError(403)
        browsers.remember(self, user.name)
        browsers.came_by(self, "")
        self._jupyterhub_user = user
        self.redirect(self.get_next_url(user))

    def _render(
        self, login_error: str | None = None, username: str | None = None, **more: Any
    ) -> Any:
        more.setdefault("first_start", self._first_start)
        ways, going = self.authenticator.ways, {"next": self.get_argument("next", "")}
        here = self.settings["login_url"]
        # Where passwords are switched off, administrators still come in with theirs.
        admins_only = not ways.password and self.get_argument("way", "") == PASSWORD
        more["password"] = ways.password or admins_only
        more["form"] = more["password"] or bool(ways.forms)
        more["admins_only"] = admins_only
        more["admins_login"] = url_concat(here, {"way": PASSWORD, **going})
        more["buttons"] = [
            (label, url_concat(address, going))
            for label, address in ways.buttons(self.hub.base_url)
        ]
        return super()._render(login_error=login_error, username=username, **more)


class LogoutHandler(Page, login.LogoutHandler):
    """Sign out, when a person goes there: not for another site's link, nor for a picture's address."""

    async def get(self) -> None:
        """Sign out and say so; lead whoever did not ask for it home."""
        sent = self.request.headers
        asked = sent.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}
        if asked and sent.get("Sec-Fetch-Mode", "navigate") == "navigate":
            if (audit := self.authenticator.audit) and self.current_user:
                audit.by(self, act.SIGN_OUT, entry.user(self.current_user.name))
            await super().get()
        else:
            self.redirect(self.settings["default_url"] or self.hub.base_url + "home")

    async def render_logout_page(self) -> None:
        """Say that this browser is signed out, and lead back in; or sign out at the provider, too."""
        way = self.authenticator.ways.get(browsers.goes_by(self))
        farewell = ""
        if way is not None:
            with suppress(CannotAsk):  # then only this place forgets them
                farewell = await way.farewell(own_address(self) + "login")
        if farewell:
            self.redirect(farewell)
        else:
            await self.show("signed_out.html")


class _NewPassword(Page):
    """A page on which a password is chosen, by typing it twice."""

    def new_password(self) -> str:
        """Return it.

        Raises
        ------
        Refused
            When it was typed differently the second time.
        """
        password = self.field("password")
        if password != self.field("confirm"):
            raise Refused(_MISMATCH, remedy="Type the same one twice.")
        return password

    async def welcome(self, account: Account) -> None:
        """Sign in who has just set the account's password, and nobody else; go on to the hub.

        Raises
        ------
        LabyardError
            When the site's list does not let them in; their password is set all the same.
        """
        audit, person = self.authenticator.audit, entry.user(account.name)
        if audit is not None:
            audit.by(self, act.PASSWORD_SET, person, actor=person)
        try:
            await self.authenticator.demand_listed(account)
        except LabyardError as error:
            recording.refused(audit, self, account.name, recording.way("code"), error)
            raise
        recording.came_in(audit, self, account.name, recording.way("code"))
        if before := self.find_user(account.name):
            await sessions.sign_out_everywhere(self, before)
        found = await self.auth_to_user({"name": account.name, "admin": account.admin})
        self.set_login_cookie(found)
        browsers.remember(self, found.name)
        self.redirect(self.get_next_url(found), status=303)


class SignUpHandler(_NewPassword):
    """Ask for an account."""

    async def get(self) -> None:
        """Show the form."""
        await self.show("signup.html", username="")

    async def post(self) -> None:
        """Note the request. The answer is the same for a name that is taken."""
        name = self.field("username", strip=True)
        caller = self.authenticator.caller(self)
        try:
            await self.authenticator.door.request(name, self.new_password(), caller)
        except LabyardError as error:
            await self.show("signup.html", error, username=name[:64])
            return
        await self.show("pending.html", username=name)


class BootstrapHandler(_NewPassword):
    """The first administrator comes in with the secret that was printed when the hub first started."""

    async def prepare(self) -> None:
        """Send everybody to sign-in once there is an administrator."""
        await super().prepare()
        if not self._finished and not await self.authenticator.no_admin_yet():
            self.redirect(self.settings["login_url"])

    async def get(self) -> None:
        """Show the form."""
        await self.show("bootstrap.html", username=self.authenticator.first_admin)

    async def post(self) -> None:
        """Set the password; the secret is used up."""
        name = self.authenticator.first_admin
        caller = self.authenticator.caller(self)
        try:
            account = await self.authenticator.door.redeem(
                name, self.field("secret"), self.new_password(), caller
            )
            if account is None:
                raise Forbidden("This is not the secret.", remedy="`labyard up` prints it again.")
        except LabyardError as error:
            await self.show("bootstrap.html", error, username=name)
            return
        self.authenticator.secret_was_used()
        await self.welcome(account)


class InvitationHandler(_NewPassword):
    """Set a password with a one-time code from an administrator."""

    async def get(self) -> None:
        """Show the form."""
        await self.show("invitation.html", username=self.get_query_argument("name", "")[:64])

    async def post(self) -> None:
        """Set the password; the code is used up."""
        name = self.field("username", strip=True)
        caller = self.authenticator.caller(self)
        try:
            account = await self.authenticator.door.redeem(
                name, self.field("code"), self.new_password(), caller
            )
            if account is None:
                raise Forbidden(
                    "Name and code do not belong together, or the code was used or is too old.",
                    remedy="Ask an administrator for a new one.",
                )
        except LabyardError as error:
            await self.show("invitation.html", error, username=name[:64])
            return
        if account.admin:
            self.authenticator.secret_was_used()
        await self.welcome(account)


class PasswordHandler(_NewPassword):
    """Change one's own password."""

    @web.authenticated
    async def get(self) -> None:
        """Show the form."""
        await self.show("password.html", done=False)

    @web.authenticated
    async def post(self) -> None:
        """Change it and sign out everywhere but here."""
        user = self.current_user
        caller = self.authenticator.caller(self, user.name)
        try:
            changed = await self.authenticator.door.change_password(
                user.name, self.field("current"), self.new_password(), caller
            )
            if not changed:
                raise Forbidden("The current password is wrong.", remedy="Try again.")
        except LabyardError as error:
            await self.show("password.html", error, done=False)
            return
        await sessions.sign_out_everywhere(self, user)
        self.set_session_cookie()
        self.set_login_cookie(user)
        await self.show("password.html", done=True)


class AccountsHandler(Page):
    """The former address of the list of people."""

    async def get(self) -> None:
        """Lead to where it is now."""
        self.redirect(f"{self.settings['base_url']}services/labyard/admin/users", permanent=True)


def handlers(*, sign_up: bool) -> list[tuple[str, type]]:
    """Return the pages, without sign-up where it is closed."""
    pages: list[tuple[str, type]] = [
        ("/login", LoginHandler),
        ("/logout", LogoutHandler),
        ("/bootstrap", BootstrapHandler),
        ("/invitation", InvitationHandler),
        ("/password", PasswordHandler),
        ("/accounts", AccountsHandler),  # where administrators had their list before
    ]
    return [*pages, ("/signup", SignUpHandler)] if sign_up else pages
