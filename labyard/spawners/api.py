"""REST of the hub, below ``/hub/api/labyard``: what only the hub knows of people. The service calls it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from jupyterhub import orm
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado import web

from labyard.core.rest import OneShape, operation
from labyard.options.limits import Limits
from labyard.policies.effective import Effective, Verdict
from labyard.spawners.outcome import Outcome


class _OneUser(OneShape, APIHandler):
    def found(self, user_name: str) -> Any:
        """Return JupyterHub's user; 404 where there is none."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "application/json")
        return user

    async def policy(self, user_name: str) -> Effective:
        """Return what a user may have; 404 where there is none."""
        return await self.found(user_name).spawner.policy()  # type: ignore[no-any-return]


class LimitsHandler(_OneUser):
    """What a user may choose for a server."""

    @needs_scope("servers")
    @operation("servers", answer=Limits)
    async def get(self, user_name: str) -> None:
        """Answer the user's ``Limits`` as JSON."""
        self.finish((await self.policy(user_name)).allowed.limits.model_dump_json())


class PolicyHandler(_OneUser):
    """What a user may have, in words, and which group's word it is."""

    @needs_scope("servers")
    @operation("servers", answer={"grants": [Verdict]})
    async def get(self, user_name: str) -> None:
        """Answer ``{"grants": [{"grant": ..., "words": ..., "groups": [...]}, ...]}``."""
        verdicts = (await self.policy(user_name)).verdicts
        self.finish(json.dumps({"grants": [asdict(verdict) for verdict in verdicts]}))


class HeldHandler(_OneUser):
    """What a running lab has that its user may not have any more: asked before it is restarted."""

    @needs_scope("servers")
    @operation("servers", answer={"withdrawn": list[str] | None, "refusal": str | None})
    async def post(self, user_name: str, server_name: str = "") -> None:
        """Answer ``{"withdrawn": [...], "refusal": ...}``.

        ``withdrawn`` names grants, and is null where nobody knows what the lab was started with;
        ``refusal`` says why the same choices would be refused now, if they would. Where the user's labs
        may not start at all by now, the answer is the error that says so.
        """
        user = self.found(user_name)
        if server_name and server_name not in user.orm_spawners:
            raise web.HTTPError(404)
        if demand := getattr(self.authenticator, "demand_start", None):  # Labyard's own has it
            await demand(user)
        spawner = user.spawners[server_name or ""]
        grants = await spawner.withdrawn()
        told = None if grants is None else [grant.title for grant in grants]
        self.finish(json.dumps({"withdrawn": told, "refusal": await spawner.refusal()}))


class Telling(OneShape, APIHandler):
    """A handler whose models of servers that did not start last time say why."""

    def server_model(self, spawner: Any, *, user: Any = None) -> dict[str, Any]:
        """Return JupyterHub's model of a server, with ``failed``: how its last start did, or null."""
        model = super().server_model(spawner, user=user)
        outcome = _outcome(spawner)
        return {**model, "failed": outcome.brief() if outcome else None}


class PersonHandler(_OneUser, Telling):
    """JupyterHub's model of a user, in which a server that did not start last time says why.

    One that runs says what of it its user may not have any more.
    """

    @needs_scope("read:users", "read:users:name", "read:servers")
    @operation("read:users", answer={"name": str, "servers?": dict[str, dict[str, Any]]})
    async def get(self, user_name: str) -> None:
        """Answer it, without what the sign-in left behind."""
        user = self.found(user_name)
        model = self.user_model(user)
        model.pop("auth_state", None)
        for name, server in (model.get("servers") or {}).items():
            runs = server["ready"] and await user.spawners[name].withdrawn()
            server["withdrawn"] = [grant.title for grant in runs or ()]
        self.finish(json.dumps(model))


def _outcome(spawner: Any) -> Outcome | None:
    """Return how a server's last start failed, None when it did not.

    A stopped server that nobody started since the hub began is a row of the database, no spawner.
    """
    if isinstance(spawner, orm.Spawner):
        return Outcome.of_state(spawner.state)
    return spawner.outcome  # type: ignore[no-any-return]


handlers: list[tuple[str, type]] = [
    (r"/api/labyard/limits/([^/]+)", LimitsHandler),
    (r"/api/labyard/policy/([^/]+)", PolicyHandler),
    (r"/api/labyard/people/([^/]+)", PersonHandler),
    (r"/api/labyard/users/([^/]+)/server/held", HeldHandler),
    (r"/api/labyard/users/([^/]+)/servers/([^/]+)/held", HeldHandler),
]
