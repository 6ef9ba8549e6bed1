"""One thing that went wrong in a lab, as its owner is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from labyard.core.causes import Cause


@dataclass(frozen=True, slots=True)
class Incident:
    """What happened in the lab of ``server`` (empty for the default one) of a user, and when.

    ``facts`` is a sentence about this one. It may hold words from inside the lab: it is text, never HTML.
    ``lasting`` is so until the lab says otherwise; other incidents happened once, or ``times`` times.
    """

    cause: Cause
    user_id: int
    server: str
    at: datetime
    facts: str = ""
    lasting: bool = False
    times: int = 1

    @property
    def key(self) -> tuple[int, str, str]:
        """Return what it is the same as: whose, of which server, and the cause."""
        return self.user_id, self.server, self.cause.code
