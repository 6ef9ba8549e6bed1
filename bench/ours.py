"""Labyard as ``labyard up`` makes it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

from bench.sides import HOST, PYTHON, Side, sweep, tail
from labyard.cli.hub import HubProcess
from labyard.core.names import Names
from labyard.core.paths import Paths


class Ours(Side):
    """An installation of its own, on three ports from ``port``, its networks in ``block``."""

    name = "labyard"

    def __init__(self, directory: Path, port: int, block: str, label: str) -> None:
        self.label = label
        self.directory = directory
        self.url = f"http://{HOST}:{port}/"
        self._file = directory / "labyard.yaml"
        self._paths = Paths(directory / "var")
        self._names = Names(label)
        self._settings = {
            "installation": label,
            "edge": {"port": port},
            "hub": {"port": port + 1, "service_port": port + 2},
            "network": {"block": block},
            "engine": {"kind": "docker"},
            "labs": {"start_timeout": "600s"},
        }

    def up(self) -> None:
        """Run ``labyard up``."""
        self._file.write_text(yaml.safe_dump(self._settings))
        self._labyard("up")
        self.token = self._paths.secret("cli.token").read_text().strip()

    def start_hub(self) -> None:
        """Start the hub's process as ``labyard up`` does."""
        HubProcess(self._paths).start(self._file)

    def stop_hub(self) -> None:
        """Stop the hub."""
        HubProcess(self._paths).stop()

    def down(self) -> None:
        """Run ``labyard down --labs`` and remove volumes and networks."""
        if self._file.exists():
            self._labyard("down", "--labs", check=False)
        sweep(self.label)

    def container(self, user: str) -> str:
        """Return the lab's name."""
        return self._names.lab(user)

    def prepare(self, user: str) -> None:
        """Do nothing: Labyard labels its volumes itself."""

    def _labyard(self, *verb: str, check: bool = True) -> None:
        done = subprocess.run(
            [PYTHON, "-m", "labyard.cli.main", *verb],
            cwd=self.directory,
            env={**os.environ, "LABYARD_CONFIG": str(self._file)},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        if check and done.returncode:
            log = tail(self._paths.logs / "hub.log")
            raise RuntimeError(f"labyard {' '.join(verb)}: {done.stdout}{done.stderr}{log}")
