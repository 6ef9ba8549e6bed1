"""Whose action is under way in this service, so that a second one is turned away at once.

The user locks (``core.locks``) order hub and service; the hub takes one for each start and stop. This
one covers a whole request, also the part that waits for the hub, without keeping the hub's from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labyard.core.errors import Busy


class Turns:
    """One action per user at a time."""

    def __init__(self) -> None:
        self._doing: dict[int, str] = {}

    @contextmanager
    def take(self, user_id: int, doing: str) -> Iterator[None]:
        """Have the user's turn while ``doing`` something, e.g. ``"starting the server"``.

        Raises
        ------
        Busy
            When another action of the same user is under way.
        """
        if under_way := self._doing.get(user_id):
            raise Busy(
                f"Another action is under way: {under_way}.", remedy="Wait for it, then try again."
            )
        self._doing[user_id] = doing
        try:
            yield
        finally:
            del self._doing[user_id]
