"""REST of the hub, below ``/hub/api/labyard``: what somebody may choose. The service's pages call it."""

from __future__ import annotations

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado import web


class LimitsHandler(APIHandler):
    """What a user may choose for a server, as only the hub knows: groups and the site's files count."""

    @needs_scope("servers")
    async def get(self, user_name: str) -> None:
        """Answer the user's ``Limits`` as JSON."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "application/json")
        self.finish((await user.spawner.limits()).model_dump_json())


handlers: list[tuple[str, type]] = [(r"/api/labyard/limits/([^/]+)", LimitsHandler)]
