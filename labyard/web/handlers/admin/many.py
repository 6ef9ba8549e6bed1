"""Stopping many servers at once: those that a search finds, looked at before, by page and REST."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from labyard.core.errors import Refused
from labyard.core.models import Owner
from labyard.core.rest import operation
from labyard.web import bulk, rights
from labyard.web.handlers.admin.servers import ServersPage
from labyard.web.handlers.base import JsonHandler, SignInNeeded, signed_in

_PATIENCE = 20.0  # seconds that the page waits for what goes on by itself


class StopManyHandler(ServersPage):
    """The page that asks, and does."""

    @signed_in
    async def get(self) -> None:
        """Show what would be stopped, each with a tick to take away."""
        listed, _ = await self.found(limit=bulk.MOST, state="running")
        self.draw("service/admin/stop_many.html", listed=listed)

    @signed_in
    async def post(self) -> None:
        """Stop what is ticked."""
        chosen = [bulk.named(text) for text in self.get_body_arguments("server")][: bulk.MOST]

        async def over(user: str) -> Owner:
            return await self.over(rights.ACT, user)

        task = asyncio.ensure_future(bulk.stop_all(self.parts.actions, self.token, chosen, over))
        _going.add(task)
        task.add_done_callback(_going.discard)
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE)
        self.parts.sampler.soon()
        if not chosen:
            self.say("warn", "Nothing was ticked, so nothing was stopped.")
        elif not done:
            self.say("done", f"{_servers(len(chosen))} are stopping. The list says which have.")
        else:
            self._tell(task.result())
        self.back()

    def _tell(self, results: Sequence[bulk.Done]) -> None:
        failed = [each for each in results if each.error is not None]
        stopped = f"{_servers(len(results) - len(failed))} stopped."
        why = "; ".join(f"{each.called}: {each.error.message}" for each in failed if each.error)
        self.say("bad" if failed else "done", stopped, why)


class StopManyRest(JsonHandler):
    """The same by REST."""

    @operation(
        rights.ACT,
        body={"servers": list[str]},
        answer={"servers": [{"user": str, "server": str, "ok": bool, "message?": str}]},
    )
    async def post(self) -> None:
        """Stop ``{"servers": ["anna", "bob/train"]}``; answer ``{"servers": [...]}``, each with ``ok``."""
        if self.caller is None:
            raise SignInNeeded("Nobody is signed in.", remedy="Send a token of the hub's.")
        servers = self.body().get("servers")
        good = isinstance(servers, list) and all(isinstance(each, str) for each in servers)
        if not good or not servers or len(servers) > bulk.MOST:
            raise Refused(
                f"servers is no list of 1 to {bulk.MOST} names.",
                remedy='Send, for example, {"servers": ["anna", "bob/train"]}.',
            )

        chosen = [bulk.named(text) for text in servers]
        for user, _ in chosen:
            rights.demand(self.caller, rights.ACT, user)
        owner = self.parts.people.owner
        results = await bulk.stop_all(self.parts.actions, self.token, chosen, owner)
        self.parts.sampler.soon()
        self.reply({"servers": [each.as_json() for each in results]})


_going: set[asyncio.Task[Sequence[bulk.Done]]] = set()


def _servers(number: int) -> str:
    return f"{number} server{'' if number == 1 else 's'}"


ROUTES = (
    (r"admin/servers/stop-many", StopManyHandler),
    (r"api/stop", StopManyRest),
)
