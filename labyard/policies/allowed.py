"""What one person may have, once all their groups were heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labyard.options.limits import Limits
from labyard.settings.schema import Settings
from labyard.settings.storage import Extra


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person may choose, and what their labs get besides.

    ``servers`` is how many named servers they may have; ``environment`` goes under what profiles and
    people set; ``engine`` says whether their labs get the engine's own socket, and ``sudo`` whether
    whoever works in them may become the container's root. ``idle_timeout`` is how many seconds nobody
    may work in one before it is stopped, None for ever. ``volumes`` are directories that labs get besides
    everybody's. ``quota`` is how many bytes somebody's own volumes should hold, None for any number.
    """

    limits: Limits
    servers: int
    environment: Mapping[str, str] = field(default_factory=dict)
    engine: bool = False
    sudo: bool = False
    idle_timeout: float | None = None
    volumes: tuple[Extra, ...] = ()
    quota: int | None = None


def everybody(limits: Limits, settings: Settings) -> Allowed:
    """Return what people have without any group, who may choose within ``limits``."""
    labs = settings.labs
    return Allowed(limits, labs.named_servers, idle_timeout=labs.idle_timeout, quota=labs.quota)
