"""Which named servers somebody may have: of whose servers a request is about, not of who sends it."""

from __future__ import annotations

from typing import Any

from tornado import web

from labyard.core.servernames import objection

_LOOKING = {"GET", "HEAD"}
NONE = "Your groups grant no named servers."


async def named_servers(handler: Any) -> int:
    """Return the limit for JupyterHub, which asks before it makes one and reads 0 as no limit.

    So where none are allowed, and where the name cannot be had, the request is refused here.
    ``handler`` is JupyterHub's; its path names the user first, then the server, if any.
    """
    name, server = [*handler.path_args, None, None][:2]
    user = handler.find_user(name) if name else handler.current_user
    if user is None:
        raise web.HTTPError(404)
    allowed: int = (await user.spawner.share()).servers
    if handler.request.method not in _LOOKING:
        if why := objection(server or ""):
            raise web.HTTPError(400, why)
        if not allowed:
            raise web.HTTPError(403, NONE)
    return allowed
