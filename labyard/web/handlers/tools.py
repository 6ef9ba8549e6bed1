"""The page of a running lab's web tools, all of them behind the lab's own sign-in."""

from __future__ import annotations

from collections.abc import Sequence

from labyard.core.errors import Busy, LabyardError
from labyard.core.models import Lab, Owner
from labyard.web import rights
from labyard.web.announced import Announced
from labyard.web.handlers.base import signed_in
from labyard.web.handlers.home import OwnHandler
from labyard.web.servers import Server
from labyard.web.terminal import open_terminal
from labyard.web.view.tools import port_address, view_tools


class ToolsHandler(OwnHandler):
    """The tools of one server, the default one without a name."""

    @signed_in
    async def get(self, name: str | None = None) -> None:
        """Show them; the lab itself is asked what it has."""
        owner, server = await self._server(name or "")
        await self._draw(owner, server)

    async def _server(self, name: str) -> tuple[Owner, Server]:
        owner = await self.owner(rights.READ)
        person = await self.parts.actions.hub.person(self.token, owner.name)
        return owner, person.server(name)

    async def _draw(
        self,
        owner: Owner,
        server: Server,
        wrong: LabyardError | None = None,
        port: str = "",
        error: LabyardError | None = None,
    ) -> None:
        parts, failed = self.parts, wrong or error
        announced: Sequence[Announced] | None = None
        if server.state == "running":
            try:
                announced = await self._announced(owner, server)
            except LabyardError as unanswered:
                error = error or unanswered
        self.show(
            "service/tools.html",
            failed.status if failed else 200,
            page_here="tools",
            page_title=f"Tools · {parts.settings.site.name}",
            server=server,
            tools=view_tools(server, parts.settings, announced),
            error=error,
            wrong=wrong,
            port=port,
        )

    async def _announced(self, owner: Owner, server: Server) -> Sequence[Announced]:
        lab = self._lab(owner, server)
        return await self.parts.announcements.ask(self.token, owner.name, server, lab)

    def _lab(self, owner: Owner, server: Server) -> Lab:
        if server.state != "running":
            raise Busy("The server is not running.", remedy="Start it.")
        lab = self.parts.sampler.snapshot.lab(owner.id, server.name)
        if lab is None or lab.host is None:
            raise Busy("The lab was not seen yet.", remedy="Look again in a few seconds.")
        return lab


class TerminalHandler(ToolsHandler):
    """The button that opens a terminal of JupyterLab's."""

    @signed_in
    async def post(self) -> None:
        """Start one and go there, or say why not."""
        owner, server = await self._server(self.get_body_argument("server", ""))
        try:
            lab = self._lab(owner, server)
            hub = self.parts.actions.hub
            self.redirect(await open_terminal(hub, self.token, owner.name, server, lab), status=303)
        except LabyardError as error:
            await self._draw(owner, server, error=error)


class PortHandler(ToolsHandler):
    """From the number of a port to what listens there."""

    @signed_in
    async def get(self, name: str | None = None) -> None:
        """Go there, or say why not."""
        owner, server = await self._server(self.get_query_argument("server", ""))
        port = self.get_query_argument("port", "")
        try:
            if server.state != "running":
                raise Busy("The server is not running.", remedy="Start it.")
            self.redirect(port_address(server, port))
        except LabyardError as error:
            await self._draw(owner, server, error, port)
