"""Failed starts that their owners took away from home."""

from __future__ import annotations

from collections.abc import Iterable

from labyard.core.models import Owner
from labyard.web.view.incidents import IncidentView


class Dismissed:
    """Which those are. In memory, like incidents: a service that is restarted tells them once more."""

    def __init__(self) -> None:
        self._taken: dict[int, frozenset[tuple[str, str]]] = {}

    def put(self, owner: Owner, server: str, at: str, failures: Iterable[IncidentView]) -> None:
        """Show the failure of ``at`` (ISO 8601) no more, if it is one of ``failures``; a later one is.

        ``failures`` are all of the owner's, as home would tell them now; whatever else is forgotten.
        """
        told = {(failure.server, failure.at) for failure in failures}
        before = self._taken.get(owner.id, frozenset())
        self._taken[owner.id] = (before | {(server, at)}) & told

    def holds(self, owner: Owner, failure: IncidentView) -> bool:
        """Return whether a failure was taken away."""
        return (failure.server, failure.at) in self._taken.get(owner.id, ())
