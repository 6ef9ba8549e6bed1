"""REST of the hub, below ``/hub/api/labyard``: what somebody may choose, and why."""

from __future__ import annotations

import json
from dataclasses import asdict

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado import web

from labyard.policies.effective import Effective


class _OneUser(APIHandler):
    async def policy(self, user_name: str) -> Effective:
        """Return what a user may have; 404 where there is none."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "application/json")
        return await user.spawner.policy()  # type: ignore[no-any-return]


class LimitsHandler(_OneUser):
    """What a user may choose for a server. The service's pages call it."""

    @needs_scope("servers")
    async def get(self, user_name: str) -> None:
        """Answer the user's ``Limits`` as JSON."""
        self.finish((await self.policy(user_name)).allowed.limits.model_dump_json())


class PolicyHandler(_OneUser):
    """What a user may have, in words, and which group's word it is."""

    @needs_scope("servers")
    async def get(self, user_name: str) -> None:
        """Answer ``{"grants": [{"grant": ..., "words": ..., "groups": [...]}, ...]}``."""
        verdicts = (await self.policy(user_name)).verdicts
        self.finish(json.dumps({"grants": [asdict(verdict) for verdict in verdicts]}))


handlers: list[tuple[str, type]] = [
    (r"/api/labyard/limits/([^/]+)", LimitsHandler),
    (r"/api/labyard/policy/([^/]+)", PolicyHandler),
]
