"""Where an installation keeps its state, below its data directory."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from labyard.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of one installation. Every directory is private to the account that runs it."""

    data: Path

    @property
    def run(self) -> Path:
        """Process ids and sockets; may be lost at a reboot."""
        return self.data / "run"

    @property
    def secrets(self) -> Path:
        """Keys and tokens, one a file."""
        return self.data / "secrets"

    @property
    def logs(self) -> Path:
        """What the processes wrote."""
        return self.data / "log"

    @property
    def edge(self) -> Path:
        """The proxy's configuration and routes."""
        return self.data / "edge"

    @property
    def locks(self) -> Path:
        """One lock file for each user."""
        return self.run / "locks"

    @property
    def local(self) -> Path:
        """Labs of the local engine."""
        return self.data / "local"

    @property
    def database(self) -> Path:
        """The SQLite file, unless the settings name another database."""
        return self.data / "labyard.sqlite"

    def make(self) -> None:
        """Create every directory, readable by the owner alone; close one that was open to others.

        Raises
        ------
        SettingsError
            When a directory belongs to another account, which could put its own secrets there.
        """
        for path in (
            self.data,
            self.run,
            self.secrets,
            self.logs,
            self.edge,
            self.locks,
            self.local,
        ):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _claim(path)

    def secret(self, name: str) -> Path:
        """Return the file of the secret called ``name``."""
        return self.secrets / name


def _claim(directory: Path) -> None:
    found = directory.stat()
    if found.st_uid != os.geteuid():
        raise SettingsError(
            f"{directory} belongs to another account.",
            remedy="Run Labyard as that account, or set data_dir to a directory of your own.",
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)
