"""Who did what: a page to look through it, and the same as JSON lines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tornado.iostream import StreamClosedError

from labyard.audit.actions import ACTIONS
from labyard.audit.asked import FIELDS, place, spot, wanted
from labyard.audit.entry import Entry, Outcome
from labyard.audit.trail import Wanted
from labyard.core.errors import Forbidden, LabyardError, Refused
from labyard.core.rest import operation
from labyard.web import rights
from labyard.web.handlers.admin.base import AdminHandler
from labyard.web.handlers.base import Handler, JsonHandler, SignInNeeded, signed_in
from labyard.web.view.audit import lines

_PER_PAGE = 50
_AT_ONCE = 1000
_TAKEN = 60.0  # seconds in which a piece of an export has to be taken
_LINES = "application/x-ndjson"


class AuditHandler(AdminHandler):
    """The page."""

    key = "audit"
    filters = (*FIELDS, "before", "after")

    @signed_in
    async def get(self) -> None:
        """Show a page of what was asked for, the newest first."""
        try:
            found, more = await self._page()
        except LabyardError as error:
            return self._show([], error, older="", newer="")
        said, first = self.asked.filters, found[0] if found else None
        back = bool(said["before"]) or (bool(said["after"]) and more)
        on = more or bool(said["after"])
        older = spot(found[-1]) if found and on else ""
        return self._show(found, older=older, newer=spot(first) if first and back else "")

    async def _page(self) -> tuple[Sequence[Entry], bool]:
        """Return the entries, and whether there are more in the direction that was asked for."""
        said = self.asked.filters
        trail, asked = self.parts.trail, wanted(said)
        before, after = place("before", said["before"]), place("after", said["after"])
        most = _PER_PAGE + 1
        found = await asyncio.to_thread(
            trail.page, asked, most=most, before=None if after else before, after=after
        )
        more = len(found) == most
        return (found[1:] if after else found[:_PER_PAGE]) if more else found, more

    def _show(
        self, found: Sequence[Entry], error: LabyardError | None = None, *, older: str, newer: str
    ) -> None:
        asked = self.asked
        self.draw(
            error=error,
            lines=lines(found),
            actions=ACTIONS.values(),
            outcomes=tuple(Outcome),
            filtered=any(asked.filters[name] for name in FIELDS),
            older=asked.only(before=older, after="") if older else "",
            newer=asked.only(after=newer, before="") if newer else "",
            download=asked.only(before="", after=""),
        )


class AuditFileHandler(AdminHandler):
    """What is filtered, to take along."""

    key = "audit"
    filters = FIELDS

    async def prepare(self) -> None:
        """Refuse what nobody clicked."""
        self.refuse_fetched()
        await super().prepare()

    @signed_in
    async def get(self) -> None:
        """Send it."""
        asked = wanted(self.asked.filters)
        self.set_header("Content-Disposition", 'attachment; filename="labyard-audit.jsonl"')
        await send(self, asked)


class AuditRest(JsonHandler):
    """The same by REST."""

    @operation(
        rights.AUDIT,
        query={**dict.fromkeys(FIELDS, str), "before": str, "limit": int},
        media=_LINES,
    )
    async def get(self) -> None:
        """Answer JSON lines, the newest first: all of them, or ``limit`` next ``before`` an entry."""
        if self.caller is None:
            raise SignInNeeded("Nobody is signed in.", remedy="Send a token of the hub's.")
        if not (rights.may(self.caller, rights.ADMIN) or rights.may(self.caller, rights.AUDIT)):
            raise Forbidden(
                "The audit is for administrators.",
                remedy=f"Send the token of one, or one with the scope {rights.AUDIT}.",
            )
        asked = wanted({name: self.get_query_argument(name, "") for name in FIELDS})
        before = self.get_query_argument("before", "")
        await send(self, asked, before, self._limit())

    def _limit(self) -> int | None:
        text = self.get_query_argument("limit", "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Refused(f"limit is {text[:20]!r}, which cannot be.", remedy="Send a number.")
        return int(text)


async def send(handler: Handler, asked: Wanted, before: str = "", limit: int | None = None) -> None:
    """Send entries as JSON lines, some at a time, as fast as they are taken."""
    begin, left = place("before", before), limit
    handler.set_header("Content-Type", _LINES)
    try:
        while left is None or left > 0:
            most = _AT_ONCE if left is None else min(_AT_ONCE, left)
            found = await asyncio.to_thread(
                handler.parts.trail.page, asked, most=most, before=begin
            )
            handler.write("".join(entry.line() + "\n" for entry in found))
            async with asyncio.timeout(_TAKEN):
                await handler.flush()
            if len(found) < most:
                break
            begin = place("before", spot(found[-1]))
            left = None if left is None else left - len(found)
        await handler.finish()
    except (StreamClosedError, TimeoutError):
        return  # whoever asked is gone


ROUTES = (
    (r"admin/audit", AuditHandler),
    (r"admin/audit\.jsonl", AuditFileHandler),
    (r"api/audit", AuditRest),
)
