"""A server for somebody else: the form of new servers, with that person's limits."""

from __future__ import annotations

from labyard.core.errors import LabyardError
from labyard.core.models import Owner
from labyard.web import rights
from labyard.web.handlers.admin.base import AdminHandler
from labyard.web.handlers.base import signed_in
from labyard.web.handlers.options import OptionsHandler
from labyard.web.view.options import name_objection


class _ForSomebody(OptionsHandler, AdminHandler):
    key = "servers"

    async def somebody(self) -> Owner:
        """Return whose server it is to be."""
        return await self.over(rights.ACT, self.get_argument("user", ""))


class MakeHandler(_ForSomebody):
    """The page."""

    @signed_in
    async def get(self) -> None:
        """Show the form; without a user, ask whose."""
        if not self.get_query_argument("user", ""):
            return self.draw_page()
        try:
            owner = await self.somebody()
        except LabyardError as error:
            return self.draw_page(error)
        return await self.form(owner, {}, self.get_query_argument("server", ""))

    @signed_in
    async def post(self) -> None:
        """Start it, or show what is wrong beside each field."""
        owner, server = await self.somebody(), self.get_body_argument("server", "")
        person = await self.parts.actions.hub.person(self.token, owner.name)
        if objection := name_objection(server, person):
            return await self.form(owner, self.sent(), server, wrong_name=objection)
        try:
            await self.launch(owner, server, self.sent())
        except LabyardError as error:
            return await self.form(owner, self.sent(), server, error)
        self.say("done", f"{'/'.join(filter(None, [owner.name, server]))} is starting.")
        return self.back()

    def draw_page(self, error: LabyardError | None = None) -> None:
        """Ask whose server it is to be."""
        self.draw("service/admin/server_for.html", error)

    async def form(
        self,
        owner: Owner,
        raw: dict[str, object],
        server: str,
        error: LabyardError | None = None,
        wrong_name: str = "",
    ) -> None:
        """Show the form with that person's limits."""
        await self.draw_form(
            owner, raw, server, new=True, error=error, wrong_name=wrong_name, somebody=owner
        )


class MakeSummaryHandler(_ForSomebody):
    """What that person gets, while it is being typed."""

    @signed_in
    async def post(self) -> None:
        """Answer the lines of the summary."""
        owner = await self.somebody()
        limits = await self.parts.actions.hub.limits(self.token, owner.name)
        told = self.told(self.sent(), self.get_body_argument("server", ""), limits)
        self.show("service/options/told.html", told=told, link=self.link(told.query))


ROUTES = (
    (r"admin/servers/new", MakeHandler),
    (r"admin/servers/new/summary", MakeSummaryHandler),
)
