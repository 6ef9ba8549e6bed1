"""Putting off the end of a server, by a button at home and by REST."""

from __future__ import annotations

from typing import Any

from labyard.core.errors import Refused
from labyard.core.models import Owner
from labyard.core.rest import operation
from labyard.expiry.dates import Expiry, left
from labyard.web import rights
from labyard.web.handlers.base import JsonHandler, Parts, signed_in
from labyard.web.handlers.home import OwnHandler
from labyard.web.view.words import utc_now

_PATIENCE = 5.0  # seconds an extension waits for another action


async def extend(
    parts: Parts, owner: Owner, server: str, days: int | None, *, sooner: bool = False
) -> Expiry:
    """Put off a server's end to ``days`` from now, and return it; ``sooner`` may be nearer as well.

    Under the user's lock: a server that is just being ended is not put off as well.
    """
    async with parts.actions.locks.hold(owner.id, "extending a server", patience=_PATIENCE):
        if sooner and days is not None:
            return await parts.expiries.move(owner.id, server, days, utc_now())
        return await parts.expiries.extend(owner.id, server, days, utc_now())


class ExtendFormHandler(OwnHandler):
    """The button beside what is left."""

    @signed_in
    async def post(self) -> None:
        """Do it, and show home."""
        owner = await self.owner(rights.ACT)
        server = self.get_body_argument("server", "")
        with self.errors_said(about=server):
            expiry = await extend(self.parts, owner, server, None)
            done = f"{server or 'My server'} was extended: {left(expiry, utc_now())}."
            self.say("done", done, about=server)
        self.go_home()


class ExtendHandler(JsonHandler):
    """The same by REST."""

    @operation(
        rights.ACT,
        body={"days?": int | None},
        answer={"user": str, "server": str, "expires": str | None},
    )
    async def post(self, user: str, server: str | None = None) -> None:
        """Extend to ``{"days": n}`` from now, or without by as many as were chosen at first.

        With ``"sooner": true`` the new end may be nearer than the old one.
        """
        owner = await self.allowed(rights.ACT, user)
        days, sooner = _days(self.body().get("days")), self.body().get("sooner") is True
        expiry = await extend(self.parts, owner, server or "", days, sooner=sooner)
        self.reply({"user": user, "server": server or "", **dated(expiry)})


ROUTES = (
    (r"server/extend", ExtendFormHandler),
    (r"api/users/([^/]+)/(?:server|servers/([^/]+))/extend", ExtendHandler),
)


def dated(expiry: Expiry | None) -> dict[str, Any]:
    """Return what answers tell about the end of a server."""
    return {"expires": expiry.expires.isoformat(timespec="seconds") if expiry else None}


def _days(value: Any) -> int | None:
    if value is None or (type(value) is int and value <= 3650):
        return value
    raise Refused(
        f"days: {ascii(value)[:60]} is no whole number of days up to 3650.",
        remedy='Send, for example, {"days": 7}.',
    )
