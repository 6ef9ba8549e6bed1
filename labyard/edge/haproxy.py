"""HAProxy's process: its files in one directory, started, changed and ended."""

from __future__ import annotations

import os
import pwd
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from labyard.core.files import replace
from labyard.core.paths import Paths
from labyard.edge import pages
from labyard.edge.config import Door, render
from labyard.edge.errors import EdgeError
from labyard.edge.install import haproxy_path
from labyard.edge.process import EdgeProcess
from labyard.edge.runtime import MAP, MASTER, Runtime

CONFIG = "haproxy.cfg"
_MOST_CONNECTIONS = 20_000
_RELOAD = 10.0  # seconds


def account() -> str | None:
    """Return the account HAProxy may be run as; None when only root could choose."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("haproxy", "nobody") if name in known), None)


def threads() -> int:
    """Return how many threads serve: one a core, as far as that helps."""
    return min(len(os.sched_getaffinity(0)), 4)


def connections() -> int:
    """Return how many connections may be open: each takes two file descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_CONNECTIONS if most < 0 else max(64, min((most - 200) // 2, _MOST_CONNECTIONS))


class HAProxy(EdgeProcess):
    """HAProxy with a master that minds its worker: when either is killed, both are gone."""

    kind = "haproxy"

    def __init__(self, paths: Paths) -> None:
        super().__init__(paths)
        self.directory = paths.edge
        self.map_file = paths.edge / MAP
        self._runtime = Runtime(paths.edge)

    def start(self, door: Door) -> bool:
        """Serve as ``door`` says; return whether it had to be started.

        One that runs takes over a changed door without losing a connection.

        Raises
        ------
        EdgeError
            With HAProxy's own words when it refuses; one that ran goes on as before.
        """
        with self._turn():
            changed = self._configure(door)
            started = self._launch_unless_running()
            if changed and not started:
                self._reload()
            return started

    def _configure(self, door: Door) -> bool:
        changed = self._write_pages(door)
        if not self.map_file.exists():
            replace(self.map_file, "")
        config, current = render(door), self.directory / CONFIG
        if current.exists() and current.read_text() == config:
            return changed
        candidate = self.directory / f"{CONFIG}.new"
        replace(candidate, config)
        self._check(candidate)
        candidate.replace(current)
        return True

    def _write_pages(self, door: Door) -> bool:
        """Write what the edge says itself; return whether anything changed."""
        changed = False
        for status in pages.STATUSES:
            page = pages.response(status, door.base_url, door.site)
            file = self.directory / f"{status}.http"
            if not file.exists() or file.read_bytes() != page:
                replace(file, page)
                changed = True
        return changed

    def _check(self, config: Path) -> None:
        checked = subprocess.run(
            [self._binary(), "-c", "-q", "-f", config.name],
            cwd=self.directory,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if checked.returncode:
            raise EdgeError(
                f"HAProxy refuses its configuration: {checked.stderr.strip()}",
                remedy=f"It is in {config}.",
            )

    def _reload(self) -> None:
        before = self._runtime.worker()
        self.pid_file.signal(signal.SIGUSR2)
        deadline = time.monotonic() + _RELOAD
        while self._runtime.worker() in (before, None):
            if time.monotonic() > deadline:
                raise EdgeError(
                    f"HAProxy did not take over its new configuration: {self._last_words()}",
                    remedy=f"It goes on with the old one. All it said is in {self.log}.",
                )
            time.sleep(0.02)

    def _binary(self) -> str:
        path = haproxy_path()
        if path is None:
            raise EdgeError("HAProxy is not installed.", remedy="apt-get install haproxy")
        return path

    def _command(self) -> Sequence[str]:
        return [self._binary(), "-W", "-S", f"unix@{MASTER},mode,600", "-f", CONFIG]

    def _environment(self) -> Mapping[str, str]:
        return {"PATH": os.defpath}

    def _ready(self) -> bool:
        # The master comes last: it executes itself anew once its worker runs.
        return self._runtime.worker() is not None and self._runtime.minded()
