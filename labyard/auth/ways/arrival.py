"""The page on which somebody arrives whom a way has recognised."""

from __future__ import annotations

from labyard.auth import browsers, recording
from labyard.auth.answers import Page
from labyard.auth.ways.admission import Waiting
from labyard.auth.ways.way import Identity


class Arrival(Page):
    """A page that knows who somebody is by the time it answers."""

    arriving: Identity | None = None

    async def come_in(self, identity: Identity) -> None:
        """Sign in who was recognised, and go on to where they wanted to.

        Raises
        ------
        LabyardError
            When they may not come in: the page then says why, and what to do.
        """
        self.arriving = identity
        audit, by = self.authenticator.audit, recording.way(identity.way, identity.issuer)
        try:
            account = await self.authenticator.welcome(self, identity)
        except Waiting as waiting:
            recording.refused(audit, self, waiting.account, by, waiting)
            self.set_status(waiting.status)
            await self.show("waiting.html", username=waiting.account)
            return
        recording.came_in(audit, self, account.name, by)
        user = await self.auth_to_user({"name": account.name, "admin": account.admin})
        self.set_login_cookie(user)
        browsers.remember(self, user.name)
        self._jupyterhub_user = user
        self.redirect(self.get_next_url(user))
