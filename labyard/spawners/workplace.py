"""What all spawners of a hub share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labyard.audit.requests import Requests
from labyard.core.locks import UserLocks
from labyard.core.names import Names
from labyard.engines.base import Engine
from labyard.expiry.store import Expiries
from labyard.gpu.assign import Gpus
from labyard.notices.keys import Keys
from labyard.policies.book import Book
from labyard.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Workplace:
    """Handed over by wiring. ``private`` is the directory that holds the hub's own state."""

    settings: Settings
    names: Names
    engine: Engine
    locks: UserLocks
    keys: Keys
    gpus: Gpus
    expiries: Expiries
    policies: Book
    private: Path
    audit: Requests | None = None
