"""Deleting somebody by REST."""

from __future__ import annotations

from typing import Literal

from labyard.core.errors import Refused
from labyard.core.rest import operation
from labyard.web import rights
from labyard.web.handlers.base import JsonHandler, SignInNeeded


class LeavingHandler(JsonHandler):
    """A person, and what is theirs."""

    gone: tuple[str, ...] = ()

    @operation(
        "admin:users",
        query={"volumes": Literal["keep", "delete"]},
        answer={"user": str, "volumes": list[str]},
    )
    async def delete(self, user: str) -> None:
        """Delete the account; with ``?volumes=delete`` all volumes first. Answer ``{user, volumes}``."""
        if self.caller is None:
            raise SignInNeeded("Nobody is signed in.", remedy="Send a token of the hub's.")
        volumes = self.get_query_argument("volumes", "keep")
        if volumes not in {"keep", "delete"}:
            raise Refused(f"volumes is {volumes[:40]!r}.", remedy="Send keep or delete.")
        if volumes == "delete":
            self.gone = await self.parts.leaving(self.token, await self.allowed(rights.ACT, user))
        else:
            await self.parts.accounts.remove(self.token, user)
        self.reply({"user": user, "volumes": list(self.gone)})


ROUTES = ((r"api/users/([^/]+)", LeavingHandler),)
