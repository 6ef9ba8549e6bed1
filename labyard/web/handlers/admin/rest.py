"""REST beside the pages of administration: refused to whoever does not see the page."""

from __future__ import annotations

from typing import ClassVar

from labyard.core.errors import Forbidden
from labyard.web.administration import visible
from labyard.web.handlers.base import JsonHandler, SignInNeeded


class AdminRest(JsonHandler):
    """REST of one page, whose ``key`` it has."""

    key: ClassVar[str]

    async def prepare(self) -> None:
        """Find out who asks, and refuse whoever does not see the page."""
        await super().prepare()
        if self.caller is None:
            raise SignInNeeded("Nobody is signed in.", remedy="Send a token of the hub's.")
        seen = visible(self.caller.get("scopes") or (), str(self.caller["name"]))
        if self.key not in {page.key for page in seen}:
            raise Forbidden(
                "This is for administrators.",
                remedy="Send the token of one; docs/reference/rest.md names the scopes.",
            )
