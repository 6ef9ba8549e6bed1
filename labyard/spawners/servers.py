"""How many named servers somebody may have: of whose servers a request is about, not of who sends it."""

from __future__ import annotations

from typing import Any

from tornado import web


async def named_servers(handler: Any) -> int:
    """Return the limit for JupyterHub, which reads 0 as no limit: where none are allowed, refuse one.

    ``handler`` is JupyterHub's; its path names the user first, if anybody.
    """
    name = next(iter(handler.path_args), None)
    user = handler.find_user(name) if name else handler.current_user
    if user is None:
        raise web.HTTPError(404)
    allowed: int = (await user.spawner.policy()).allowed.servers
    if not allowed and handler.request.method == "POST":
        raise web.HTTPError(403, f"{user.name} may have no named servers: no group grants any.")
    return allowed
