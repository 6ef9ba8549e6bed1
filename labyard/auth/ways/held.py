"""What a provider gave to ask it with later. It is stored as JSON, and encrypted."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_LEEWAY = 60  # seconds that two clocks may differ


@dataclass(frozen=True, slots=True)
class Held:
    """Tokens of one person.

    ``until`` is when the access token expires, in seconds since the epoch; None where nobody said.
    ``groups_in_token`` is whether groups are told in the id token alone.
    """

    access: str
    refresh: str | None = None
    until: float | None = None
    groups_in_token: bool = False

    @classmethod
    def given(cls, answer: Mapping[str, Any], before: Held | None = None) -> Held:
        """Return what a token endpoint's ``answer`` gives; what it does not give anew stays."""
        lasts = answer.get("expires_in")
        return cls(
            answer["access_token"],
            answer.get("refresh_token") or (before.refresh if before else None),
            time.time() + lasts if isinstance(lasts, int | float) else None,
            before.groups_in_token if before else False,
        )

    @classmethod
    def load(cls, kept: str) -> Held | None:
        """Return what was stored, None if nothing was."""
        return cls(**json.loads(kept)) if kept else None

    def dump(self) -> str:
        """Return it as it is stored."""
        return json.dumps(asdict(self))

    @property
    def over(self) -> bool:
        """Return whether nothing can be asked with it any more."""
        return not self.refresh and self.until is not None and time.time() > self.until - _LEEWAY
