"""Stopping many servers of many people: each in its owner's turn, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labyard.core.errors import LabyardError
from labyard.web.actions import Actions

_AT_ONCE = 8
MOST = 200  # servers of one request

Named = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one server: ``error`` is None where it is stopped."""

    user: str
    server: str
    error: LabyardError | None = None

    @property
    def called(self) -> str:
        """Return ``anna`` or ``anna/train``."""
        return f"{self.user}/{self.server}" if self.server else self.user

    def as_json(self) -> dict[str, Any]:
        """Return it for REST."""
        named = {"user": self.user, "server": self.server, "ok": self.error is None}
        return named if self.error is None else {**self.error.as_json(), **named}


def named(text: str) -> Named:
    """Return user and server of ``anna`` or ``anna/train``."""
    user, _, server = text.partition("/")
    return user, server


async def stop_all(
    actions: Actions, token: str, servers: Iterable[Named], over: Callable[[str], Any]
) -> Sequence[Done]:
    """Stop servers; one that cannot be stopped keeps none of the others from it.

    ``over`` is awaited with each user's name; it returns the owner, or raises where the caller may not.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    turns: dict[str, asyncio.Lock] = {}

    async def stop(user: str, server: str) -> Done:
        # One person's servers one after another: their turn is one.
        async with turns.setdefault(user, asyncio.Lock()), gate:
            try:
                await actions.stop(token, await over(user), server)
            except LabyardError as error:
                return Done(user, server, error)
        return Done(user, server)

    return await asyncio.gather(*(stop(*each) for each in dict.fromkeys(servers)))
