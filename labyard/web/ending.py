"""Ending a server at its date: what the keeper of dates has done here, with the service's own rights.

The user's lock is held from the last look until the hub has begun to stop the server: from then on the
hub itself starts nothing in its place. So what ends is the server that was due, or nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labyard.audit import entry
from labyard.audit.actions import SERVER_CULL, SERVER_END
from labyard.audit.requests import Requests
from labyard.core.errors import Busy
from labyard.core.models import Lab, Owner
from labyard.expiry.keeper import StillDue
from labyard.notices.models import Kind, Notice, Outcome
from labyard.notices.sender import Sender
from labyard.web.actions import Actions
from labyard.web.hub import ActionFailed
from labyard.web.people import People

log = logging.getLogger(__name__)

_LOOK_AGAIN = 0.1  # seconds
_PATIENCE = 120.0  # seconds that a stop may take; after it the keeper comes back


@dataclass(frozen=True, slots=True)
class ServiceHands:
    """The keeper's hands. ``token`` is the service's own, which may read and stop servers."""

    actions: Actions
    people: People
    sender: Sender
    token: str
    audit: Requests

    async def owners(self, ids: Sequence[int]) -> Mapping[int, Owner]:
        """Return the users with these ids whom the hub still knows."""
        return await self.people.owners(ids)

    async def tell(self, owner: Owner, server: str, words: str, id: str) -> bool:
        """Show ``words`` in a running lab; return whether it took them, or never will."""
        lab = await self.actions.lab(owner, server)
        if lab is None:
            return False
        notice = Notice(words, Kind.WARNING, auto_close=False)
        outcome = await self.sender.send(lab, notice, id=id)
        if outcome is Outcome.UNABLE:
            log.warning("%s of %s: %s", server or "(default)", owner.name, outcome.words)
        return outcome in {Outcome.SHOWN, Outcome.UNABLE}

    async def end(self, owner: Owner, server: str, due: StillDue, *, forget: bool) -> bool:
        """Stop a server, and with ``forget`` forget a named one; return False if it is not due any more.

        Raises
        ------
        Busy
            When something else is under way for this user.
        LabyardError
            When the hub or the engine does not answer, so that nothing is known.
        """
        hub, doing = self.actions.hub, f"ending {server or 'the server'}, whose time is over"
        remove = forget and bool(server)
        with self.actions.turns.take(owner.id, doing):
            async with self.actions.locks.hold(owner.id, doing):
                found = (await hub.person(self.token, owner.name)).servers.get(server)
                lab = await self.actions.lab(owner, server)  # an engine that is away says so here
                if not await due():
                    return False
                if found is not None and found.pending:
                    raise Busy(f"It is {found.state}.", remedy="Wait for it.")
                if found is None or found.stopped:
                    await self._remove(lab)
                if found is None or (found.stopped and not remove):
                    return True
                asked = await self._asked(owner, server, remove)
            await asked
            await self._see_it_gone(owner, server, remove)
        action = SERVER_END if forget else SERVER_CULL
        self.audit.by(None, action, entry.server(owner.name, server))
        return True

    async def _remove(self, lab: Lab | None) -> None:
        """Remove what the engine still has of a server that the hub holds for stopped."""
        if lab is not None:
            await self.actions.engine.stop(lab.name, self.actions.grace)
            await self.actions.engine.remove(lab.name)

    async def _asked(self, owner: Owner, server: str, remove: bool) -> asyncio.Future[None]:
        """Return the request that ends the server, once the hub is at it."""
        hub = self.actions.hub
        request = hub.stop(self.token, owner.name, server, remove=remove)
        asked = asyncio.ensure_future(request)
        while not asked.done():
            now = (await hub.person(self.token, owner.name)).servers.get(server)
            if now is None or now.pending == "stop":
                break
            await asyncio.wait({asked}, timeout=_LOOK_AGAIN)
        return asked

    async def _see_it_gone(self, owner: Owner, server: str, remove: bool) -> None:
        left = await self.actions.hub.settled(self.token, owner.name, server, _PATIENCE)
        if left is not None and (remove or not left.stopped):
            raise ActionFailed(
                f"The server {server or 'of ' + owner.name} is still there.",
                remedy="See the hub's log; it is tried again.",
            )
