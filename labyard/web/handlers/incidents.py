"""The button under an incident at home."""

from __future__ import annotations

from labyard.web import rights
from labyard.web.handlers.base import signed_in
from labyard.web.handlers.home import OwnHandler
from labyard.web.view.incidents import FAILED_START, view_failures
from labyard.web.view.words import utc_now


class DismissHandler(OwnHandler):
    """Take one of the caller's own incidents away."""

    @signed_in
    async def post(self) -> None:
        """Do it, then show home without it."""
        owner = await self.owner(rights.ACT)
        server, code = self.get_body_argument("server", ""), self.get_body_argument("code", "")
        if code == FAILED_START:
            person = await self.parts.actions.hub.person(self.token, owner.name)
            failures = view_failures(person, utc_now())
            self.parts.dismissed.put(owner, server, self.get_body_argument("at", ""), failures)
        else:
            self.parts.watcher.board.dismiss(owner.id, server, code)
        self.go_home()
