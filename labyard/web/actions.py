"""Start, stop, restart, delete and reset: who does what, in which order, and what stops it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labyard.core.errors import Busy, EngineError, LabyardError, Refused
from labyard.core.locks import UserLocks
from labyard.core.models import Lab, LabStatus, Owner
from labyard.core.names import SERVER, USER_ID, Names
from labyard.core.servernames import refuse_taken
from labyard.engines.base import Engine
from labyard.options.declaration import plain
from labyard.options.parse import parse
from labyard.volumes.intake import Intake
from labyard.volumes.reset import Reset
from labyard.volumes.tars import shown
from labyard.volumes.transfers import Transfers, Upload
from labyard.web.answering import until_answering
from labyard.web.hub import ActionFailed, Held, Hub
from labyard.web.servers import Person, Server
from labyard.web.turns import Turns


@dataclass(frozen=True, slots=True)
class Restarted:
    """A server after a restart; ``anew`` says that it is another lab, without what is ``gone``."""

    server: Server
    anew: bool = False
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions on one person's servers and volumes.

    Every one takes the person's turn; ``Busy`` says what is under way. Start, stop and delete are the
    hub's, which takes the user's lock; restart and reset take it themselves. ``patience`` is how long
    a start may take and ``grace`` how long a lab may take to end, in seconds.
    """

    hub: Hub
    engine: Engine
    locks: UserLocks
    names: Names
    reset_volumes: Reset
    transfers: Transfers
    patience: float
    grace: float
    turns: Turns = field(default_factory=Turns)

    async def start(
        self,
        token: str,
        owner: Owner,
        server: str,
        options: Mapping[str, Any] | None = None,
        asked: asyncio.Event | None = None,
    ) -> Server:
        """Start a server and wait until it is ready. A named one that is new is made.

        ``options`` are the choices, None for those of last time. ``OptionsRefused`` says what is wrong
        with them by field. ``asked`` is set once nothing stands against it here and the hub is asked.
        """
        refuse_taken(server)
        if options is not None:
            options = plain(parse(options, await self.hub.limits(token, owner.name)))
        with self.turns.take(owner.id, f"starting {_words(server)}"):
            found = _find(await self.hub.person(token, owner.name), server)
            if not found.stopped:
                raise _busy(found)
            if asked is not None:
                asked.set()
            return await self._started(token, owner, server, options)

    async def _started(
        self, token: str, owner: Owner, server: str, options: Mapping[str, Any] | None = None
    ) -> Server:
        try:
            await self.hub.start(token, owner.name, server, options)
            started = await self.hub.settled(token, owner.name, server, self.patience)
        except LabyardError as error:
            raise await self._why(token, owner, server) or error from None
        if started is None or not started.ready:
            raise await self._why(token, owner, server) or ActionFailed(
                f"{_words(server).capitalize()} did not start.",
                remedy="Its starting page says why; then try again.",
            )
        return started

    async def _why(self, token: str, owner: Owner, server: str) -> LabyardError | None:
        """Return why the last start failed, as the hub tells it, or None."""
        try:
            return await self.hub.failure(token, owner.name, server)
        except LabyardError:
            return None

    async def cancel(self, token: str, owner: Owner, server: str) -> bool:
        """End a start that is under way; return False when the server was ready before that.

        It takes no turn: the start has it.
        """
        found = _find(await self.hub.person(token, owner.name), server)
        if found.state != "starting":
            raise Busy(
                f"{_words(server).capitalize()} is {found.state}, not starting.",
                remedy="Look again.",
            )
        return await self.hub.cancel(token, owner.name, server) != "running"

    async def stop(self, token: str, owner: Owner, server: str) -> Server:
        """Stop a server and wait until it is. One that is stopped stays so."""
        with self.turns.take(owner.id, f"stopping {_words(server)}"):
            found = _find(await self.hub.person(token, owner.name), server)
            await self._stop(token, owner, found)
            return Server(server, url=found.url)

    async def _stop(self, token: str, owner: Owner, found: Server) -> None:
        if found.pending == "spawn":
            raise _busy(found)
        if not found.stopped:
            await self.hub.stop(token, owner.name, found.name)
            await self.hub.settled(token, owner.name, found.name, self.patience)
        await self._remove(token, owner, found.name)

    async def _remove(self, token: str, owner: Owner, server: str) -> None:
        """Remove what the engine still has of a stopped server, whatever the hub believes."""
        async with self.locks.hold(owner.id, f"stopping {_words(server)}", patience=self.grace):
            person = await self.hub.person(token, owner.name)
            if not _find(person, server).stopped:
                return  # started again meanwhile
            lab = await self.lab(owner, server)
            if lab is not None:
                await self.engine.stop(lab.name, self.grace)
                await self.engine.remove(lab.name)

    async def delete(self, token: str, owner: Owner, server: str) -> None:
        """Stop a server and forget it; volumes stay. The default one can be started anew."""
        with self.turns.take(owner.id, f"deleting {_words(server)}"):
            found = _find(await self.hub.person(token, owner.name), server)
            await self._stop(token, owner, found)
            if server and not await self._gone(token, owner, server):
                await self.hub.stop(token, owner.name, server, remove=True)
                if await self.hub.settled(token, owner.name, server, self.patience) is not None:
                    raise ActionFailed(
                        f"{_words(server).capitalize()} could not be deleted.",
                        remedy="Try again; if it goes on, tell your administrator.",
                    )

    async def _gone(self, token: str, owner: Owner, server: str) -> bool:
        return server not in (await self.hub.person(token, owner.name)).servers

    async def restart(self, token: str, owner: Owner, server: str) -> Restarted:
        """Restart a running lab and wait until it answers: in place, same lab, new start time.

        A lab that has more than its owner may have by now is made anew instead, on the same volumes.

        Raises
        ------
        Refused
            When it would have to be, and its choices would be refused. The lab goes on.
        """
        doing = f"restarting {_words(server)}"
        with self.turns.take(owner.id, doing):
            found = _running(await self.hub.person(token, owner.name), server)
            held = await self.hub.held(token, owner.name, server)
            if held.withdrawn != ():
                return await self._anew(token, owner, found, held)
            async with self.locks.hold(owner.id, doing):
                found = _running(await self.hub.person(token, owner.name), server)
                lab = await self.lab(owner, server)
                if lab is None or lab.status is not LabStatus.RUNNING:
                    raise _not_running(server)
                lab = await self.engine.restart(lab.name, self.grace)
                await self._until_answering(lab, found)
            return Restarted(found)

    async def _anew(self, token: str, owner: Owner, found: Server, held: Held) -> Restarted:
        """Stop a server and start it with the same choices."""
        if held.refusal:
            raise Refused(
                f"{_words(found.name).capitalize()} has more than you may have by now, so a restart"
                f" makes it anew, and its choices are not allowed any more. {held.refusal}",
                remedy="Stop it, then start it with other choices.",
            )
        await self._stop(token, owner, found)
        server = await self._started(token, owner, found.name)
        return Restarted(server, anew=True, gone=held.withdrawn or ())

    async def _until_answering(self, lab: Lab, server: Server) -> None:
        try:
            async with asyncio.timeout(self.patience):
                await until_answering(lab, server.url)
        except TimeoutError:
            raise EngineError(
                f"The lab was restarted but did not answer within {self.patience:g} s.",
                remedy="Look at its log, then stop and start it.",
            ) from None

    async def reset(self, token: str, owner: Owner, keys: Sequence[str]) -> tuple[str, ...]:
        """Empty the chosen volumes; returns those that there were."""
        with self.turns.take(owner.id, "resetting volumes"):
            await self._demand_stopped(token, owner, "reset")
            return await self.reset_volumes(owner, keys)

    async def upload(
        self,
        token: str,
        owner: Owner,
        wanted: Upload,
        source: Callable[[Intake], AsyncIterator[bytes]],
    ) -> int:
        """Put files into a volume; see ``Transfers.upload``."""
        with self.turns.take(owner.id, f"uploading to {shown(wanted.key)}"):
            await self._demand_stopped(token, owner, "upload")
            return await self.transfers.upload(owner, wanted, source)

    async def _demand_stopped(self, token: str, owner: Owner, then: str) -> None:
        person = await self.hub.person(token, owner.name)
        for server in person.servers.values():
            if not server.stopped:
                raise Busy(
                    f"{_words(server.name).capitalize()} is {server.state}, "
                    "so the volumes are in use.",
                    remedy=f"Stop your servers, then {then}.",
                )

    async def logs(self, owner: Owner, server: str, lines: int) -> str:
        """Return the last lines a lab wrote."""
        lab = await self.lab(owner, server)
        if lab is None:
            raise _not_running(server)
        return await self.engine.logs(lab.name, lines)

    async def lab(self, owner: Owner, server: str) -> Lab | None:
        """Return the owner's lab by its labels: its name may be from before a rename."""
        wanted = (str(owner.id), server)
        lab = await self.engine.lab(self.names.lab(owner.name, server))
        candidates = [lab] if lab else []
        if not any(_whose(lab) == wanted for lab in candidates):
            candidates = list(await self.engine.labs())
        return next((lab for lab in candidates if _whose(lab) == wanted), None)


def _find(person: Person, server: str) -> Server:
    """Return a server; one that there is not is a stopped one, so that stopping twice is no error."""
    return person.servers.get(server, Server(server))


def _whose(lab: Lab) -> tuple[str, str]:
    return lab.labels.get(USER_ID, ""), lab.labels.get(SERVER, "")


def _running(person: Person, server: str) -> Server:
    found = _find(person, server)
    if found.pending:
        raise _busy(found)
    if not found.ready:
        raise _not_running(server)
    return found


def _busy(server: Server) -> Busy:
    if server.pending:
        return Busy(
            f"{_words(server.name).capitalize()} is {server.state}.",
            remedy="Wait for it, then try again.",
        )
    return Busy(f"{_words(server.name).capitalize()} is running already.", remedy="Open it.")


def _not_running(server: str) -> Busy:
    return Busy(f"{_words(server).capitalize()} is not running.", remedy="Start it.")


def _words(server: str) -> str:
    return f"the server {server}" if server else "the server"
