"""One hub's settings and state, and the objects made from them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from labyard.core import files
from labyard.core.errors import LabyardError
from labyard.core.locks import UserLocks
from labyard.core.names import Names
from labyard.core.paths import Paths
from labyard.edge.vouching import LOOPBACK
from labyard.engines.base import Engine
from labyard.engines.firewall import Firewall
from labyard.engines.host import hub_address
from labyard.engines.local.spec import home
from labyard.notices.keys import Keys
from labyard.settings.effective import Effective, with_effective
from labyard.settings.load import Loaded, load
from labyard.settings.schema import Settings


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
    """One hub's settings and state."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.settings: Settings = loaded.settings
        self.paths = Paths(loaded.data_dir)
        self.names = Names(self.settings.installation, self.settings.naming)

    @classmethod
    def here(cls, settings_file: Path | None = None) -> Installation:
        """Return the installation of ``settings_file``, or the one the environment names.

        Raises
        ------
        SettingsError
            With everything that is wrong with the settings.
        """
        return cls(load(settings_file))

    # -- what `labyard up` chose ------------------------------------------------------------------

    @property
    def _choices_file(self) -> Path:
        return self.paths.data / "choices.json"

    @property
    def chosen(self) -> Choices | None:
        """Return what ``labyard up`` chose, or None before the first time."""
        try:
            found: Mapping[str, str] = json.loads(self._choices_file.read_text())
        except FileNotFoundError:
            return None
        return Choices(**found)

    @property
    def choices(self) -> Choices:
        """Return what ``labyard up`` chose.

        Raises
        ------
        LabyardError
            When it never ran.
        """
        if (chosen := self.chosen) is None:
            raise LabyardError(
                f"This installation was never started: it has no state in {self.paths.data}.",
                remedy="`labyard up` starts it.",
            )
        return chosen

    def choose(self, choices: Choices) -> None:
        """Keep ``choices`` for every process of this installation."""
        files.replace(self._choices_file, json.dumps(asdict(choices), indent=2))

    # -- what the hub was started with ------------------------------------------------------------

    @property
    def _started_with(self) -> Path:
        return self.paths.run / "settings"

    def note_start(self) -> None:
        """Remember that the hub is started with these settings."""
        files.replace(self._started_with, self._digest)

    @property
    def changed(self) -> bool:
        """Return whether the settings are others than those that the hub was started with."""
        try:
            return self._started_with.read_text() != self._digest
        except FileNotFoundError:
            return False

    @property
    def _digest(self) -> str:
        return hashlib.sha256(self.settings.model_dump_json().encode()).hexdigest()

    def keep(self, effective: Effective) -> None:
        """Keep what holds in the hub, for the service."""
        files.replace(self._effective, effective.model_dump_json())

    @property
    def settings_of_the_hub(self) -> Settings:
        """Return the settings as the hub has them: the site's own files have had their word."""
        try:
            kept = Effective.model_validate_json(self._effective.read_text())
        except FileNotFoundError:
            return self.settings
        return with_effective(self.settings, kept)

    @property
    def _effective(self) -> Path:
        return self.paths.run / "effective.json"

    # -- objects ----------------------------------------------------------------------------------

    @cached_property
    def locks(self) -> UserLocks:
        """Return the users' locks, shared by hub, service and command line."""
        return UserLocks(self.paths.locks)

    @property
    def database(self) -> str:
        """Return the database's SQLAlchemy URL."""
        return self.settings.hub.database or f"sqlite:///{self.paths.database}"

    @property
    def trusted_proxies(self) -> tuple[str, ...]:
        """Return whose word on where a request came from is believed: proxies', the service's."""
        proxies = self.settings.edge.trusted_proxies
        return (*LOOPBACK, self.choices.hub_address, *proxies)

    @property
    def lab_tools(self) -> Path:
        """Return the virtual environment that labs of the local engine run from."""
        return self.local_root / "tools"

    @property
    def local_root(self) -> Path:
        """Return where the local engine keeps labs and volumes: a place that labs can reach."""
        return home(self.paths.local, self.settings.installation, os.geteuid())

    @property
    def firewall(self) -> Firewall:
        """Return what keeps labs from this host."""
        return Firewall(
            installation=self.settings.installation,
            block=self.settings.network.block,
            hub_address=hub_address(self.settings.network.block),
            hub_port=self.settings.hub.port,
            internet=self.settings.network.internet,
        )

    @property
    def notice_keys(self) -> Keys:
        """Return what makes the key of each lab that notices to it are sealed with."""
        return Keys(self.derived("notices"))

    @property
    def vouch(self) -> str:
        """Return what the hub knows the edge by; empty where the edge can add nothing to a request."""
        return self.derived("edge").hex() if self.choices.proxy == "haproxy" else ""

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, from the hub's cookie secret: one secret to keep, not two."""
        secret = self.paths.secret("cookie").read_bytes()
        return hashlib.blake2b(purpose.encode(), key=secret[:64], digest_size=32).digest()

    def engine(self) -> Engine:
        """Return a new connection to the engine; whoever asks closes it."""
        # Most verbs of the command line never ask it, and its library is a third of what they would read.
        from labyard.engines.docker.engine import DockerEngine  # noqa: PLC0415
        from labyard.engines.local.engine import LocalEngine  # noqa: PLC0415

        choices = self.choices
        if choices.engine == "local":
            return LocalEngine(self.settings.installation, self.local_root, self.lab_tools / "bin")
        return DockerEngine(
            choices.socket,
            self.names,
            timeout=self.settings.engine.timeout,
            errands_image=self.settings.labs.image,
            podman=choices.engine == "podman",
        )
