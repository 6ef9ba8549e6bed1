"""The page on which somebody arrives whom a way has recognised."""

from __future__ import annotations

from labyard.auth import browsers, recording
from labyard.auth.answers import Page
from labyard.auth.ways.admission import NameTaken, Waiting
from labyard.auth.ways.way import Identity
from labyard.core.errors import LabyardError


class Told(Page):
    """A page of a sign-in that says why nobody was signed in, and leads back."""

    async def refuse(self, error: LabyardError) -> None:
        """Answer with what went wrong, and what to do."""
        self.log.info("Nobody was signed in: %s", error)
        if isinstance(error, Waiting):
            await self.show("waiting.html", error, username=error.account)
            return
        link = error.link if isinstance(error, NameTaken) else ""
        await self.show("not_signed_in.html", error, link=link)


class Arrival(Told):
    """A page that knows who somebody is by the time it answers."""

    arriving: Identity | None = None
    """Who it is, for the audit: it tells of every arrival that comes to nothing."""

    async def come_in(self, identity: Identity) -> None:
        """Sign in who was recognised and go on to where they wanted to; or say why not."""
        self.arriving = identity
        audit, by = self.authenticator.audit, recording.way(identity.way, identity.issuer)
        try:
            account = await self.authenticator.welcome(self, identity)
        except LabyardError as error:
            await self.refuse(error)
            return
        recording.came_in(audit, self, account.name, by)
        user = await self.auth_to_user({"name": account.name, "admin": account.admin})
        self.set_login_cookie(user)
        browsers.remember(self, user.name)
        browsers.came_by(self, identity.way)
        self._jupyterhub_user = user
        self.redirect(self.get_next_url(user))
