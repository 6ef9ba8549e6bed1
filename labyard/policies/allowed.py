"""What one person may have, once all their groups were heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labyard.options.limits import Limits


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person may choose, and what their labs get besides.

    ``servers`` is how many named servers they may have; ``environment`` goes under what profiles and
    people set; ``engine`` says whether their labs get the engine's own socket.
    """

    limits: Limits
    servers: int
    environment: Mapping[str, str] = field(default_factory=dict)
    engine: bool = False
