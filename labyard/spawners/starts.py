"""What the hub answers about starts besides JupyterHub's own: how one stands, ending it, doing it again.

JupyterHub's own way to end a pending start leaves its request without an answer and the start's token
behind; here the spawner ends it as a start that failed, so that everything is cleared away as usual.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, Literal

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.apihandlers.users import UserServerAPIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.utils import url_escape_path, url_path_join
from tornado import web

from labyard.core.rest import OneShape, operation
from labyard.spawners.spawner import LabSpawner

# Seconds: how often to look whether a start is over that was told to end, and how long to wait for it;
# how long a new start may take before its page is shown.
_LOOK_AGAIN = 0.05
_PATIENCE = 40.0
_MOMENT = 1.0


def story(spawner: LabSpawner) -> dict[str, Any]:
    """Return how a server's start stands: ``state``, ``steps`` and, when it failed, ``outcome``."""
    outcome = spawner.outcome
    return {
        "state": state(spawner),
        "steps": [step.as_event() for step in spawner.steps],
        "outcome": outcome.as_json() if outcome else None,
    }


def state(spawner: LabSpawner) -> str:
    """Return ``running``, ``starting``, ``stopping``, ``failed`` or ``stopped``."""
    if spawner.ready:
        return "running"
    if spawner.pending:
        return "stopping" if spawner.pending == "stop" else "starting"
    return "failed" if spawner.outcome else "stopped"


async def until_begun(start: Coroutine[Any, Any, None]) -> None:
    """Let ``start`` run on after a moment; raise what it failed with before."""
    task = asyncio.ensure_future(start)
    task.add_done_callback(
        lambda ended: ended.cancelled() or ended.exception()
    )  # the page tells it
    done, _ = await asyncio.wait({task}, timeout=_MOMENT)
    if done:
        task.result()


async def cancel(spawner: LabSpawner) -> None:
    """End the start that is under way, and return when it is over: cancelled, or ready by then."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while spawner.pending == "spawn" and asyncio.get_running_loop().time() < deadline:
        spawner.cancel_start()
        await asyncio.sleep(_LOOK_AGAIN)


class _Found:
    """Finds the spawner that a request is about."""

    find_user: Any

    def found(self, user_name: str, server_name: str) -> LabSpawner:
        """Return it; 404 when there is none."""
        user = self.find_user(user_name)
        if user is None or (server_name and server_name not in user.orm_spawners):
            raise web.HTTPError(404, "There is no such server.")
        return user.spawners[server_name]  # type: ignore[no-any-return]


_STORY = {
    "state": Literal["running", "starting", "stopping", "failed", "stopped"],
    "steps": list[dict[str, Any]],
    "outcome": dict[str, Any] | None,
}


class StartApi(_Found, OneShape, APIHandler):
    """A start, over REST."""

    @needs_scope("read:servers")
    @operation("read:servers", answer=_STORY)
    async def get(self, user_name: str, server_name: str = "") -> None:
        """Answer how it stands."""
        self.finish(json.dumps(story(self.found(user_name, server_name or ""))))

    @needs_scope("delete:servers")
    @operation("delete:servers", answer=_STORY)
    async def delete(self, user_name: str, server_name: str = "") -> None:
        """End it, and answer how it stands then."""
        spawner = self.found(user_name, server_name or "")
        await cancel(spawner)
        self.finish(json.dumps(story(spawner)))


class ServerApi(UserServerAPIHandler):
    """A server over REST, JupyterHub's own: but a start under way is ended as by *Cancel* first."""

    @needs_scope("delete:servers")
    async def delete(self, user_name: str, server_name: str = "") -> None:
        """Stop it, and with ``remove`` forget it."""
        user = self.find_user(user_name)
        if user is not None and server_name in user.orm_spawners:
            await cancel(user.spawners[server_name])
        await super().delete(user_name, server_name)


class StoryPage(_Found, BaseHandler):
    """The page of a start that failed, for the starting page to take its card from.

    It is JupyterHub's own page for this, but fetching it is no failure.
    """

    @web.authenticated
    @needs_scope("servers")
    async def get(self, user_name: str, server_name: str = "") -> None:
        """Answer the page; without a failure, the one of a server that does not run."""
        name = server_name or ""
        spawner = self.found(user_name, name)
        user = self.find_user(user_name)
        path = url_path_join("spawn", user.escaped_name, url_escape_path(name))
        page = await self.render_template(
            "not_running.html",
            user=user,
            server_name=name,
            spawn_url=url_path_join(self.hub.base_url, path),
            failed=spawner.outcome is not None,
            exception=spawner,
        )
        self.finish(page)


class CancelPage(_Found, BaseHandler):
    """The button *Cancel* of the starting page."""

    @web.authenticated
    async def get(self, user_name: str, server_name: str = "") -> None:
        """Lead to the starting page: whoever loads this address again cancels nothing."""
        names = (url_escape_path(name) for name in (user_name, server_name or ""))
        path = url_path_join("spawn-pending", *names)
        self.redirect(url_path_join(self.hub.base_url, path))

    @web.authenticated
    async def post(self, user_name: str, server_name: str = "") -> None:
        """End the start, then go home, which says what came of it."""
        await self._cancel(user_name, server_name or "")

    @needs_scope("delete:servers")
    async def _cancel(self, user_name: str, server_name: str) -> None:
        spawner = self.found(user_name, server_name)
        await cancel(spawner)
        word = "ready-already" if spawner.ready else "cancelled"
        home = self.default_url if isinstance(self.default_url, str) else ""
        self.redirect(f"{home or self.hub.base_url + 'home'}?said={word}", status=303)


class AgainPage(_Found, SpawnHandler):
    """The button *Start again*: the same start once more, with the options that were chosen.

    With ``memory`` in the form that much of it; whether it may be had is seen as for any choice.
    """

    @needs_scope("servers")
    async def _get(self, user_name: str, server_name: str, display_name: str) -> None:
        """Lead to the starting page; only a POST starts anything."""
        self.redirect(self._pending_page(user_name, server_name))

    @needs_scope("servers")
    async def _post(self, user_name: str, server_name: str, display_name: str) -> None:
        pending = self._pending_page(user_name, server_name)
        if not self.found(user_name, server_name).active:
            await self._start(user_name, server_name, pending)
        self.redirect(pending, status=303)

    async def _start(self, user_name: str, server_name: str, pending: str) -> None:
        user = self.find_user(user_name)
        spawner = user.get_or_create_spawner(server_name, server_name, replace_failed=True)
        memory = self.get_body_argument("memory", "")
        options = {**spawner.user_options, "memory": memory} if memory else None
        try:
            await until_begun(self.spawn_single_user(user, server_name, server_name, options))
        except web.HTTPError:
            if spawner.outcome is None:
                raise
        except RuntimeError:  # JupyterHub's word for a start that somebody else began meanwhile
            if not user.spawners[server_name].pending:
                raise

    def _pending_page(self, user_name: str, server_name: str) -> str:
        return self._get_pending_url(self.find_user(user_name), server_name)  # type: ignore[no-any-return]


_WHICH = r"/([^/]+)(?:/([^/]+))?"

handlers: list[tuple[str, type]] = [
    (r"/api/labyard/users/([^/]+)/server/start", StartApi),
    (r"/api/labyard/users/([^/]+)/servers/([^/]+)/start", StartApi),
    (r"/api/users/([^/]+)/server", ServerApi),
    (r"/api/users/([^/]+)/servers/([^/]+)", ServerApi),
    (rf"/start-story{_WHICH}", StoryPage),
    (rf"/cancel-start{_WHICH}", CancelPage),
    (rf"/start-again{_WHICH}", AgainPage),
]
