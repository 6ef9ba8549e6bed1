"""The pages of a server's options: a new one, a change of one, and what one was made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labyard.core.errors import LabyardError
from labyard.core.models import Owner
from labyard.options.form import ServerName, form
from labyard.options.limits import Limits
from labyard.options.link import PREFIX, suggested
from labyard.options.refused import OptionsRefused
from labyard.web import rights
from labyard.web.handlers.base import signed_in
from labyard.web.handlers.home import OwnHandler
from labyard.web.servers import Server
from labyard.web.view.expiry import view_expiries
from labyard.web.view.options import NAME_RULE, Summary, name_objection, summary, view_info
from labyard.web.view.server import view_server
from labyard.web.view.words import utc_now

_NOT_OPTIONS = frozenset({"_xsrf", "server", "user"})


class OptionsHandler(OwnHandler):
    """A page with the form of a server's options."""

    def sent(self) -> dict[str, Any]:
        """Return the form's choices, as they were typed."""
        return {
            name: [value.decode(errors="replace") for value in values]
            for name, values in self.request.body_arguments.items()
            if name not in _NOT_OPTIONS
        }

    def told(self, raw: Mapping[str, Any], server: str, limits: Limits) -> Summary:
        """Return what to say about the choices."""
        return summary(raw, server, limits, self.parts.sampler.snapshot)

    def link(self, query: str) -> str:
        """Return the address that carries the choices, for somebody else."""
        site = f"{self.request.protocol}://{self.request.host}"
        return f"{site}{self.service}new{'?' if query else ''}{query}"

    async def draw_form(
        self,
        owner: Owner,
        raw: Mapping[str, Any],
        server: str,
        *,
        new: bool,
        error: LabyardError | None = None,
        wrong_name: str = "",
        from_link: bool = False,
        somebody: Owner | None = None,
    ) -> None:
        """Show the page with the form filled in; ``somebody`` is whose it is, if not the caller's."""
        limits = await self.parts.actions.hub.limits(self.token, owner.name)
        wrong = error.fields if isinstance(error, OptionsRefused) else {}
        failed = error is not None or bool(wrong_name)
        told = self.told(raw, server, limits)
        self.show(
            "service/options/page.html",
            (error.status if error else 400) if failed else 200,
            page_title=f"{'New server' if new else 'Options'} · {self.parts.settings.site.name}",
            form=form(
                limits, raw, wrong, ServerName(server, NAME_RULE, wrong_name) if new else None
            ),
            told=told,
            link=self.link(told.query),
            server=server,
            new=new,
            failed=failed,
            problem=error if error and not wrong else None,
            from_link=from_link,
            somebody=somebody,
            page_here="administration" if somebody else "",
        )


class NewHandler(OptionsHandler):
    """A new named server."""

    @signed_in
    async def get(self) -> None:
        """Show the form, filled in with what a link suggests. Nothing starts by itself."""
        owner = await self.owner(rights.ACT)
        query = self.request.query_arguments
        server = self.get_query_argument("server", "")
        linked = any(name.startswith(PREFIX) for name in query)
        await self.draw_form(owner, suggested(query), server, new=True, from_link=linked)

    @signed_in
    async def post(self) -> None:
        """Start it, or show what is wrong beside each field."""
        owner = await self.owner(rights.ACT)
        server, raw = self.get_body_argument("server", ""), self.sent()
        person = await self.parts.actions.hub.person(self.token, owner.name)
        if objection := name_objection(server, person):
            return await self.draw_form(owner, raw, server, new=True, wrong_name=objection)
        try:
            await self.begin(owner, server, raw)
        except LabyardError as error:
            await self.draw_form(owner, raw, server, new=True, error=error)


class ChangeHandler(OptionsHandler):
    """Other options for a server that there is; the default one is the empty name."""

    @signed_in
    async def get(self) -> None:
        """Show the form, filled in with what was chosen last."""
        owner = await self.owner(rights.ACT)
        found = await self.found(owner, self.get_query_argument("server", ""))
        suggestions = suggested(self.request.query_arguments)
        await self.draw_form(owner, suggestions or found.options, found.name, new=False)

    @signed_in
    async def post(self) -> None:
        """Start it with these options, or show what is wrong beside each field."""
        owner, raw = await self.owner(rights.ACT), self.sent()
        found = await self.found(owner, self.get_body_argument("server", ""))
        try:
            await self.begin(owner, found.name, raw)
        except LabyardError as error:
            await self.draw_form(owner, raw, found.name, new=False, error=error)

    async def found(self, owner: Owner, server: str) -> Server:
        """Return a server of the owner's."""
        return (await self.parts.actions.hub.person(self.token, owner.name)).server(server)


class SummaryHandler(OptionsHandler):
    """What you get, while it is being typed."""

    @signed_in
    async def post(self) -> None:
        """Answer the lines of the summary."""
        owner = await self.owner(rights.READ)
        limits = await self.parts.actions.hub.limits(self.token, owner.name)
        server = self.get_body_argument("server", "")
        told = self.told(self.sent(), server, limits)
        self.show("service/options/told.html", told=told, link=self.link(told.query))


class InfoHandler(OptionsHandler):
    """What a server was made with, and what comes with it."""

    @signed_in
    async def get(self) -> None:
        """Show it. Nothing here asks the engine."""
        owner, parts = await self.owner(rights.READ), self.parts
        person = await parts.actions.hub.person(self.token, owner.name)
        server = person.server(self.get_query_argument("server", ""))
        name, snapshot = server.name, parts.sampler.snapshot
        limits = (await parts.shares.of(owner)).limits
        about = view_info(server, snapshot.lab(owner.id, name), limits, parts.settings)
        self.show(
            "service/options/info.html",
            page_title=f"About {name or 'my server'} · {parts.settings.site.name}",
            server=view_server(server, owner, snapshot, limits, utc_now()),
            about=about,
            link=self.link(about.query),
            expiries=view_expiries(await parts.expiries.of(owner.id), utc_now()),
        )


ROUTES = (
    (r"info", InfoHandler),
    (r"new", NewHandler),
    (r"new/summary", SummaryHandler),
    (r"change", ChangeHandler),
)
