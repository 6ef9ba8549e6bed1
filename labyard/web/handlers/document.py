"""The OpenAPI document of Labyard's REST, at ``api/openapi.json``: for everybody, as its source is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from labyard.web.handlers.base import Protected

Describe = Callable[[], str]


def nothing() -> str:
    """Describe nothing: for applications that nobody asks."""
    return "{}"


class DocumentHandler(Protected):
    """Answers the document."""

    def initialize(self, describe: Describe) -> None:
        """Take what makes it, which may take most of a second the first time."""
        self.describe = describe

    async def get(self) -> None:
        """Send it."""
        text = await asyncio.to_thread(self.describe)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(text)
