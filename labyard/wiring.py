"""The only place that builds objects and hands them to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from labyard.core.locks import UserLocks
from labyard.core.names import Names
from labyard.core.paths import Paths
from labyard.engines.base import Engine
from labyard.settings.apply import Place, apply
from labyard.settings.load import Loaded, load
from labyard.settings.schema import Settings

CONFIG_FILE = Path(__file__).parent.parent / "jupyterhub_config.py"


@dataclass(frozen=True, slots=True)
class Choices:
    """What ``labyard up`` found on this machine and every process of the installation keeps to.

    ``engine`` is docker, podman or local, ``socket`` its address (empty for local); ``proxy`` is
    haproxy or chp; ``hub_address`` is where the hub's API listens.
    """

    engine: str
    socket: str
    proxy: str
    hub_address: str


class Installation:
    """One hub's settings and state, and the objects made from them."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.settings: Settings = loaded.settings
        self.paths = Paths(loaded.data_dir)
        self.names = Names(self.settings.installation, self.settings.naming)

    @cached_property
    def locks(self) -> UserLocks:
        """Return the users' locks, shared by hub, service and command line."""
        return UserLocks(self.paths.locks)

    @property
    def _choices_file(self) -> Path:
        return self.paths.data / "choices.json"

    @property
    def choices(self) -> Choices | None:
        """Return what ``labyard up`` chose, or None before the first time."""
        try:
            found: Mapping[str, str] = json.loads(self._choices_file.read_text())
        except FileNotFoundError:
            return None
        return Choices(**found)

    def choose(self, choices: Choices) -> None:
        """Keep ``choices`` for every process of this installation."""
        fresh = self._choices_file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(choices), indent=2))
        fresh.replace(self._choices_file)
