"""Everybody's servers: the list, and what an administrator does with one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from labyard.core.errors import LabyardError, Refused
from labyard.core.models import Owner
from labyard.expiry.dates import left
from labyard.web import rights
from labyard.web.handlers.admin.base import AdminHandler
from labyard.web.handlers.base import signed_in
from labyard.web.handlers.expiry import extend
from labyard.web.paging import PER_PAGE, Listed, pages
from labyard.web.view.pace import IDLE, MOVING
from labyard.web.view.servers import NAMES, STATES, ServerRow, view_servers
from labyard.web.view.words import utc_now

_MOST_DAYS = 3650


class ServersPage(AdminHandler):
    """A page with a list of servers."""

    key = "servers"
    filters: ClassVar[tuple[str, ...]] = ("state",)

    async def found(
        self, *, order: str = "name", limit: int = PER_PAGE, state: str = ""
    ) -> Listing:
        """Return the part of the list that is asked for. Nothing here asks the engine."""
        parts, asked = self.parts, self.asked
        state = state or self.state
        wanted: dict[str, str | int] = {
            "search": asked.search,
            "state": state,
            "order": order,
            "limit": limit,
        }
        hub, number = parts.actions.hub, asked.number
        page = await hub.servers(self.token, **wanted, offset=(number - 1) * limit)
        if not page.servers and page.total:
            number = pages(page.total, limit)
            page = await hub.servers(self.token, **wanted, offset=(number - 1) * limit)
        ends = await parts.expiries.among({each.owner.id for each in page.servers})
        limits = parts.shares.usual.limits
        rows = view_servers(page.servers, parts.sampler.snapshot, limits, ends, utc_now())
        return Listed(rows, number, page.total, limit), page.counts

    @property
    def state(self) -> str:
        """Return the state that the list is narrowed to; one that there is not narrows nothing."""
        state = self.asked.filters.get("state", "")
        return state if state in NAMES else ""


Listing = tuple[Listed[ServerRow], Mapping[str, int]]


class ServersHandler(ServersPage):
    """The page."""

    @signed_in
    async def get(self) -> None:
        """Show the list."""
        listed, counts = await self.found()
        moving = any(row.view.kind == "wait" for row in listed.rows)
        self.draw(
            listed=listed,
            counts=counts,
            states=NAMES,
            state_now=self.state,
            engine=self.parts.sampler.snapshot.error,
            refresh=MOVING if moving else IDLE,
            starting_page=self.starting_page,
            may_open=rights.may(self.caller or {}, rights.FILES),
        )


class ServerActionHandler(ServersPage):
    """The buttons of a row."""

    @signed_in
    async def post(self, action: str) -> None:
        """Do it, then show the same part of the list."""
        server = self.get_body_argument("server", "")
        called = "/".join(filter(None, [self.get_body_argument("user", ""), server]))
        with self.errors_said(about=called):
            owner = await self.over(rights.ACT, self.get_body_argument("user", ""))
            try:
                self.say("done", await self._act(action, owner, server, called), about=called)
            finally:
                self.parts.sampler.soon()
        self.back()

    async def _act(self, action: str, owner: Owner, server: str, called: str) -> str:
        """Return what was done, in words."""
        actions = self.parts.actions
        match action:
            case "start":
                await self.launch(owner, server)
                return f"{called} is starting."
            case "stop":
                await actions.stop(self.token, owner, server)
                return f"{called} has stopped."
            case "restart":
                await actions.restart(self.token, owner, server)
                return f"{called} was restarted."
            case "cancel":
                cancelled = await actions.cancel(self.token, owner, server)
                return f"{called}: {'the start was cancelled' if cancelled else 'it runs already'}."
            case "days":
                days = _days(self.get_body_argument("days", ""))
                expiry = await extend(self.parts, owner, server, days, sooner=True)
                return f"{called}: {left(expiry, utc_now())}."
        await actions.delete(self.token, owner, server)
        return f"{called} was deleted. The volumes are as they were."


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) <= _MOST_DAYS):
        raise Refused(
            f"{text[:20]!r} is no whole number of days.",
            remedy=f"Type a number from 1 to {_MOST_DAYS}.",
        )
    return int(text)


class LogHandler(ServersPage):
    """What a lab wrote last, or why its start failed."""

    @signed_in
    async def get(self) -> None:
        """Show it."""
        owner = await self.over(rights.ACT, self.get_query_argument("user", ""))
        server = self.get_query_argument("server", "")
        problem, lines = None, ""
        try:
            lines = await self.parts.actions.logs(owner, server, 200)
        except LabyardError as error:
            problem = error
        failed = await self.parts.actions.hub.failure(self.token, owner.name, server)
        self.draw(
            "service/admin/server_log.html",
            owner=owner,
            server=server,
            lines=lines,
            problem=problem,
            failed=failed,
        )


assert set(STATES) < set(NAMES)  # noqa: S101  every state can be asked for

ROUTES = (
    (r"admin/servers", ServersHandler),
    (r"admin/servers/(start|stop|restart|cancel|delete|days)", ServerActionHandler),
    (r"admin/servers/log", LogHandler),
)
