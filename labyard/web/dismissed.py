"""Failed starts that their owners took away from home."""

from __future__ import annotations

from labyard.core.models import Owner


class Dismissed:
    """The last one of each server. In memory, like what is known of failed starts."""

    def __init__(self) -> None:
        self._at: dict[tuple[int, str], str] = {}

    def put(self, owner: Owner, server: str, at: str) -> None:
        """Show the failure of ``at`` (ISO 8601) no more; a later one is."""
        self._at[owner.id, server] = at

    def holds(self, owner: Owner, server: str, at: str) -> bool:
        """Return whether the failure of ``at`` was taken away."""
        return self._at.get((owner.id, server)) == at
