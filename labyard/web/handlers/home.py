"""The home page and its forms: what a person does with their own servers and volumes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from labyard.core.causes import LAB_OUT_OF_MEMORY
from labyard.core.errors import LabyardError
from labyard.core.models import Owner
from labyard.options.declaration import kept
from labyard.options.more import more_memory
from labyard.web import rights
from labyard.web.actions import Restarted
from labyard.web.handlers.base import PageHandler, signed_in
from labyard.web.hub import StartFailed
from labyard.web.servers import Person, Server
from labyard.web.view.expiry import view_expiries
from labyard.web.view.home import Home, home
from labyard.web.view.incidents import IncidentView, view_failures, view_incidents
from labyard.web.view.tools import Tool, view_tools
from labyard.web.view.words import shortened, utc_now

# Characters of a message and of a remedy: browsers drop a cookie that is longer than 4 KB.
_LONGEST = (300, 500)
# Seconds: how long a start may take before its starting page is shown, and between looks at the hub for
# one that has not begun by then.
AT_ONCE, _LOOK_AGAIN = 1.0, 0.3
_FLASH = "labyard-said"
# What the hub's own pages say here, where they cannot leave words: by name, so that no link can say more.
_WORDS = {
    "cancelled": [
        "done",
        "The start was cancelled.",
        "Nothing of it is left. Your files are safe.",
    ],
    "ready-already": ["done", "The server was ready before it could be cancelled.", "It runs."],
}


class OwnHandler(PageHandler):
    """A page about the caller's own servers."""

    async def owner(self, scope: str) -> Owner:
        """Return the caller, who may do ``scope``."""
        return await self.allowed(scope, str((self.caller or {})["name"]))

    @property
    def service(self) -> str:
        """Return the path of the home page."""
        return str(self.parts.auth.base_url)

    def say(self, kind: str, message: str, remedy: str = "", *, about: str | None = None) -> None:
        """Keep words for the next page: the first sentence stands out.

        ``about`` is the server whose next action has the keyboard's focus then.
        """
        message, stop, rest = message.partition(". ")
        said = (message + stop.strip(), f"{rest} {remedy}".strip())
        message, remedy = (shortened(text, most) for text, most in zip(said, _LONGEST, strict=True))
        self.set_signed_cookie(
            _FLASH,
            json.dumps([kind, message, remedy, about], ensure_ascii=False),
            expires_days=None,
            path=self.service,
            httponly=True,
            samesite="Lax",
        )

    def complain(self, error: LabyardError, *, about: str | None = None) -> None:
        """Keep the words of an error for the next page; the audit knows that nothing was done."""
        self.wrong = error
        self.say("bad", error.message, error.remedy, about=about)

    @contextlib.contextmanager
    def errors_said(self, *, about: str | None = None) -> Iterator[None]:
        """Keep the words of an error that is raised in here for the next page."""
        try:
            yield
        except LabyardError as error:
            self.complain(error, about=about)

    def heard(self) -> Sequence[str | None] | None:
        """Return what :meth:`say` kept, once: kind, first sentence, the rest, and what it is about."""
        kept = self.get_signed_cookie(_FLASH, max_age_days=1)
        if kept is None:
            return _WORDS.get(self.get_query_argument("said", ""))
        self.clear_cookie(_FLASH, path=self.service)
        said: list[str | None] = json.loads(kept)
        return said

    async def drawn(self, person: Person, owner: Owner) -> Home:
        """Return what the home page shows. Nothing here asks the engine."""
        parts = self.parts
        return home(
            person,
            owner,
            parts.sampler.snapshot,
            parts.sizes.known,
            allowed=await parts.shares.of(owner),
            settings=parts.settings,
            names=parts.names,
            now=utc_now(),
        )

    async def begin(
        self, owner: Owner, server: str, options: Mapping[str, Any] | None = None
    ) -> None:
        """Start a server and lead to its starting page, which says why if it fails."""
        await self.launch(owner, server, options)
        self.redirect(self.starting_page(owner, server), status=303)

    def starting_page(self, owner: Owner, server: str) -> str:
        """Return the address of the page that tells of a start, also of one that failed."""
        path = "/".join(quote(part) for part in [owner.name, server] if part)
        return f"{self.parts.settings.base_url}hub/spawn-pending/{path}"

    async def launch(
        self, owner: Owner, server: str, options: Mapping[str, Any] | None = None
    ) -> None:
        """Have a server's start begin; it goes on by itself.

        Whatever keeps it from beginning at all is raised here, however long that takes to come out: the
        starting page knows nothing of it.
        """
        asked = asyncio.Event()
        start = self.parts.actions.start(self.token, owner, server, options, asked)
        task = asyncio.ensure_future(start)
        _going.add(task)
        task.add_done_callback(_finished)
        try:
            await self._until_under_way(task, asked, owner, server)
        except StartFailed:
            pass  # the starting page tells it
        finally:
            self.parts.sampler.soon()

    async def _until_under_way(
        self, task: asyncio.Task[Any], asked: asyncio.Event, owner: Owner, server: str
    ) -> None:
        """Return once the start is over or the hub tells of it; raise its error if it ended with one."""
        asking = asyncio.ensure_future(asked.wait())
        await asyncio.wait({task, asking}, return_when=asyncio.FIRST_COMPLETED)
        asking.cancel()
        await asyncio.wait({task}, timeout=AT_ONCE)
        while not task.done():
            person = await self.parts.actions.hub.person(self.token, owner.name)
            if server in person.servers and not person.servers[server].stopped:
                return
            await asyncio.wait({task}, timeout=_LOOK_AGAIN)
        task.result()

    def tools(self, server: Server, owner: Owner) -> Sequence[Tool]:
        """Return a server's tools as far as they are known. Nothing here asks the lab."""
        lab = self.parts.sampler.snapshot.lab(owner.id, server.name)
        known = self.parts.announcements.known(lab.id) if lab else None
        return view_tools(server, self.parts.settings, known)

    def go_home(self) -> None:
        """Show the home page next, by GET."""
        self.redirect(self.service, status=303)


class HomeHandler(OwnHandler):
    """The landing page."""

    @signed_in
    async def get(self) -> None:
        """Show it."""
        owner = await self.owner(rights.READ)
        parts = self.parts
        person = await parts.actions.hub.person(self.token, owner.name)
        parts.sampler.look_at(owner.id)
        drawn = await self.drawn(person, owner)
        polled, now = "HX-Request" in self.request.headers, utc_now()
        self.show(
            "service/home.html",
            page_here="home",
            page_title=f"Home · {parts.settings.site.name}",
            home=drawn,
            tools=self.tools(person.server(""), owner),
            expiries=view_expiries(await parts.expiries.of(owner.id), now),
            incidents=await self.incidents(person, owner, now),
            said=None if polled else self.heard(),
            pending=f"{parts.settings.base_url}hub/spawn-pending/{quote(owner.name)}",
        )

    async def incidents(
        self, person: Person, owner: Owner, now: datetime
    ) -> Sequence[IncidentView]:
        """Return what went wrong: starts first, then what ran."""
        parts = self.parts
        board = parts.watcher.board
        for server in person.servers.values():
            if server.failed and server.last_activity:
                board.told_otherwise(owner.id, server.name, server.last_activity)
        told = board.of(owner.id, now)
        starved = {i.server for i in told if i.cause is LAB_OUT_OF_MEMORY}
        more = await self._more(person, owner, starved) if starved else {}
        failed = [
            view for view in view_failures(person, now) if not parts.dismissed.holds(owner, view)
        ]
        return (*failed, *view_incidents(told, now, more))

    async def _more(
        self, person: Person, owner: Owner, servers: set[str]
    ) -> Mapping[str, int | None]:
        """Return the memory that each of these servers that is stopped may be started with next."""
        limits = (await self.parts.shares.of(owner)).limits
        if info := self.parts.sampler.snapshot.info:
            limits = limits.model_copy(update={"host_memory": info.memory})
        return {
            server.name: more_memory(kept(server.options), limits)
            for server in person.servers.values()
            if server.stopped and server.name in servers
        }


class ServerFormHandler(OwnHandler):
    """The buttons of a server."""

    @signed_in
    async def post(self, action: str) -> None:
        """Do it, then show what came of it."""
        owner = await self.owner(rights.ACT)
        server = self.get_body_argument("server", "")
        try:
            await self._act(action, owner, server)
        except LabyardError as error:
            self.complain(error, about=server)
            self.go_home()
        finally:
            self.parts.sampler.soon()

    async def _act(self, action: str, owner: Owner, server: str) -> None:
        actions, name = self.parts.actions, server or "My server"
        if action == "start":
            return await self.begin(owner, server, await self._with_more(owner, server))
        if action == "cancel":
            cancelled = await actions.cancel(self.token, owner, server)
            self.say(*_WORDS["cancelled" if cancelled else "ready-already"])
        elif action == "stop":
            await actions.stop(self.token, owner, server)
            self.say("done", f"{name} has stopped.", about=server)
        elif action == "restart":
            done = await actions.restart(self.token, owner, server)
            self.say("done", _restarted(name, done), about=server)
        else:
            await actions.delete(self.token, owner, server)
            deleted = f"{name} was deleted. Your volumes are as they were."
            self.say("done", deleted, about=server)
        return self.go_home()

    async def _with_more(self, owner: Owner, server: str) -> Mapping[str, Any] | None:
        """Return the options of last time with the memory that the form asks for, None if for none."""
        memory = self.get_body_argument("memory", "")
        if not memory:
            return None
        person = await self.parts.actions.hub.person(self.token, owner.name)
        return {**person.server(server).options, "memory": memory}


class NowhereHandler(PageHandler):
    """Any other address of the service."""

    async def prepare(self) -> None:
        """Find out who asks, for the bar; then say that there is nothing."""
        await super().prepare()
        self.send_error(404)


def _restarted(name: str, done: Restarted) -> str:
    if not done.anew:
        return f"{name} was restarted."
    gone = f" Gone, as your groups have it now: {', '.join(done.gone)}." if done.gone else ""
    return f"{name} was made anew. Your volumes are as they were.{gone}"


_going: set[asyncio.Task[Any]] = set()


def _finished(task: asyncio.Task[Any]) -> None:
    _going.discard(task)
    if not task.cancelled():
        task.exception()  # told on the starting page
