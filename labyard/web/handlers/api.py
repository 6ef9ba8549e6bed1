"""REST, at ``services/labyard/api/``. ``docs/reference/rest.md`` tells it from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from labyard.core.errors import Forbidden, NotFound, Refused
from labyard.core.models import Lab, Owner
from labyard.core.rest import operation
from labyard.options.limits import Limits
from labyard.web import rights
from labyard.web.handlers.base import JsonHandler, SignInNeeded
from labyard.web.handlers.expiry import dated
from labyard.web.servers import Person, Server
from labyard.web.view.server import made_of

_PAGE = 100
_MOST_LINES = 5000

SERVER = {
    "user": str,
    "server": str,
    "state": Literal["stopped", "starting", "running", "stopping"],
    "started": str | None,
    "last_activity": str | None,
    "url": str,
    "expires": str | None,
}
_DETAILS = {
    "*": SERVER,
    "options": dict[str, Any],
    "image": str | None,
    "cpu_limit": float | None,
    "memory_limit": int | None,
    "lab": dict[str, str | None] | None,
    "usage": dict[str, float | None] | None,
    "engine_error": str | None,
}


class ServersHandler(JsonHandler):
    """Everybody's servers for whoever may list users, else the caller's own."""

    @operation(
        rights.READ,
        query={"offset": int, "limit": int},
        answer={"servers": [SERVER], "total_users": int, "offset": int, "limit": int},
    )
    async def get(self) -> None:
        """Answer a page of servers: ``{servers, total_users, offset, limit}``."""
        caller = self.caller
        if caller is None:
            raise SignInNeeded("Nobody is signed in.", remedy="Send a token of the hub's.")
        offset, limit = self._number("offset", 0), min(self._number("limit", _PAGE), 200)
        hub = self.parts.actions.hub
        if rights.may(caller, rights.LIST):
            people, total = await hub.people(self.token, offset, limit)
        elif caller.get("kind") == "user":
            await self.allowed(rights.READ, caller["name"])
            people, total = [await hub.person(self.token, caller["name"])], 1
        else:
            raise Forbidden(
                "This token may not list servers.", remedy="Send one with the scope list:users."
            )
        ids = await self.parts.people.ids([person.name for person in people])
        ends = await self.parts.expiries.among(ids.values())
        servers = [
            {
                "user": person.name,
                **brief(server),
                **dated(ends.get((ids.get(person.name, 0), server.name))),
            }
            for person in people
            for server in person.servers.values()
        ]
        self.reply({"servers": servers, "total_users": total, "offset": offset, "limit": limit})

    def _number(self, name: str, default: int) -> int:
        text = self.get_query_argument(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Refused(
                f"{name} is {text!r}, which is no whole number.", remedy="Send, for example, 100."
            )
        return int(text)


class ServerHandler(JsonHandler):
    """One server, with what its lab is made of and uses."""

    @operation(rights.READ, answer=_DETAILS)
    async def get(self, user: str, server: str = "") -> None:
        """Answer the server's details."""
        owner = await self.allowed(rights.READ, user)
        person = await self.parts.actions.hub.person(self.token, user)
        expiry = await self.parts.expiries.get(owner.id, server)
        details = await self._details(person, owner, server)
        self.reply({"user": user, **details, **dated(expiry)})

    async def _details(self, person: Person, owner: Owner, name: str) -> Mapping[str, Any]:
        server = person.server(name)
        snapshot = self.parts.sampler.snapshot
        lab = snapshot.lab(owner.id, name) if not server.stopped else None
        made = made_of(server, lab, (await self.parts.shares.of(owner)).limits)
        samples = snapshot.usage(owner.id, name) if server.ready else ()
        return {
            **brief(server),
            "withdrawn": list(server.withdrawn),
            "options": dict(server.options),
            "image": made.image,
            "cpu_limit": made.cpu,
            "memory_limit": made.memory,
            "lab": _lab(lab),
            "usage": {"cpu": samples[-1].cpu, "memory": samples[-1].memory} if samples else None,
            "engine_error": str(snapshot.error) if snapshot.error else None,
        }


class LimitsHandler(JsonHandler):
    """What a person may choose for a server."""

    @operation(rights.ACT, answer={"*": Limits, "user": str})
    async def get(self, user: str) -> None:
        """Answer the limits as the hub has them for this person."""
        owner = await self.allowed(rights.ACT, user)
        limits = await self.parts.actions.hub.limits(self.token, owner.name)
        self.reply({"user": user, **limits.model_dump(mode="json")})


class ActionHandler(JsonHandler):
    """Start, stop, restart, or cancel a start."""

    @operation(rights.ACT, body={"options?": dict[str, Any] | None}, answer=SERVER)
    async def post(self, user: str, server: str | None, action: str) -> None:
        """Do it and answer when it is done."""
        owner = await self.allowed(rights.ACT, user)
        actions, name = self.parts.actions, server or ""
        told: dict[str, Any] = {}
        try:
            match action:
                case "start":
                    options = self.body().get("options")
                    if options is not None and not isinstance(options, dict):
                        raise Refused(
                            "options is not an object.", remedy='Send, for example, {"cpu": 1}.'
                        )
                    done = await actions.start(self.token, owner, name, options)
                case "stop":
                    done = await actions.stop(self.token, owner, name)
                case "cancel":
                    await actions.cancel(self.token, owner, name)
                    done = (await actions.hub.person(self.token, user)).server(name)
                case _:
                    restarted = await actions.restart(self.token, owner, name)
                    done, told = restarted.server, {"anew": restarted.anew}
        finally:
            self.parts.sampler.soon()
        expiry = await self.parts.expiries.get(owner.id, name)
        self.reply({"user": user, **brief(done), **told, **dated(expiry)})


class RemovalHandler(JsonHandler):
    """Stop a server and forget it."""

    @operation(rights.ACT)
    async def delete(self, user: str, server: str | None = None) -> None:
        """Do it and answer when it is done."""
        owner = await self.allowed(rights.ACT, user)
        try:
            await self.parts.actions.delete(self.token, owner, server or "")
        finally:
            self.parts.sampler.soon()
        self.set_status(204)
        self.finish()


class LogsHandler(JsonHandler):
    """What a lab wrote."""

    @operation(rights.ACT, query={"lines": int}, answer={"logs": str})
    async def get(self, user: str, server: str | None = None) -> None:
        """Answer the last ``lines`` (100) lines."""
        owner = await self.allowed(rights.ACT, user)
        text = self.get_query_argument("lines", "100")
        if not (
            text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= _MOST_LINES
        ):
            raise Refused(
                f"lines is {text!r}, which cannot be.", remedy=f"Send a number up to {_MOST_LINES}."
            )
        self.reply({"logs": await self.parts.actions.logs(owner, server or "", int(text))})


class NothingHandler(JsonHandler):
    """Any other address of the API."""

    async def prepare(self) -> None:
        """Say so, whoever asks."""
        raise NotFound(
            "There is nothing at this address.",
            remedy="docs/reference/rest.md lists what there is.",
        )


def brief(server: Server) -> dict[str, Any]:
    """Return what every answer tells about a server."""
    return {
        "server": server.name,
        "state": server.state,
        "started": server.started.isoformat() if server.started else None,
        "last_activity": server.last_activity.isoformat() if server.last_activity else None,
        "url": server.url,
    }


def _lab(lab: Lab | None) -> dict[str, Any] | None:
    if lab is None:
        return None
    started = lab.started_at.isoformat() if lab.started_at else None
    return {"id": lab.id, "name": lab.name, "status": lab.status, "started": started}


_WHICH = r"api/users/([^/]+)/(?:server|servers/([^/]+))"

ROUTES = (
    (r"api/servers", ServersHandler),
    (r"api/servers/([^/]+)", ServerHandler),
    (r"api/servers/([^/]+)/([^/]+)", ServerHandler),
    (rf"{_WHICH}/(start|stop|restart|cancel)", ActionHandler),
    (r"api/users/([^/]+)/limits", LimitsHandler),
    (rf"{_WHICH}/logs", LogsHandler),
    (_WHICH, RemovalHandler),
)
