"""The proxy as a process of its own, which outlives the hub."""

from __future__ import annotations

import fcntl
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from labyard.core.paths import Paths
from labyard.core.processes import PidFile, start_detached, tail
from labyard.edge.errors import EdgeError

KINDS = ("haproxy", "chp")
_GRACE = 5.0  # seconds a proxy may take to end
_STARTING = 15.0  # seconds a proxy may take to start
_HANGING = 5.0  # seconds one that runs may take to answer


def pid_file(paths: Paths, kind: str) -> PidFile:
    """Return where the proxy of one kind is remembered."""
    return PidFile(paths.run / f"{kind}.pid")


def running(paths: Paths) -> bool:
    """Return whether a proxy of this installation runs."""
    return any(pid_file(paths, kind).pid() for kind in KINDS)


def stop(paths: Paths) -> bool:
    """End the proxy, and with it every open connection; return whether there was one."""
    stopped = [pid_file(paths, kind).stop(_GRACE) for kind in KINDS]
    return any(stopped)


class EdgeProcess(ABC):
    """One proxy's process. What it needs lies in files, so that anybody can start it again."""

    kind: ClassVar[str]

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.pid_file = pid_file(paths, self.kind)
        self.log = paths.logs / f"{self.kind}.log"

    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self.pid_file.pid()

    def revive(self) -> bool:
        """Start the proxy as it was started last, unless it runs; return whether it was started.

        Raises
        ------
        EdgeError
            When it does not start.
        """
        with self._turn():
            return self._launch_unless_running()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one at a time start things: the hub watches while ``labyard up`` runs."""
        with (self.paths.run / "edge.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _launch_unless_running(self) -> bool:
        """Start what does not run, or has not answered for too long; return whether it was started."""
        if self._answers(_HANGING):
            return False
        stop(self.paths)  # one that hangs, or one of the other kind
        self._see_ports_free()
        start_detached(
            self._command(),
            log=self.log,
            pid_file=self.pid_file,
            environment=self._environment(),
            directory=self.paths.edge,
        )
        if not self._answers(_STARTING):
            self.pid_file.stop(_GRACE)
            raise EdgeError(
                f"The proxy ({self.kind}) did not start: {self._last_words()}",
                remedy=f"All it said is in {self.log}.",
            )
        return True

    def _answers(self, patience: float) -> bool:
        """Return whether the process answers within ``patience`` seconds; one that ended does not."""
        deadline = time.monotonic() + patience
        while self.pid() is not None and time.monotonic() < deadline:
            if self._ready():
                return True
            time.sleep(0.02)
        return False

    def _last_words(self) -> str:
        lines = [line for line in tail(self.log).splitlines() if line.strip()]
        telling = [line for line in lines if "[ALERT]" in line or "rror" in line] or lines[-1:]
        return telling[0] if telling else "it said nothing."

    def _see_ports_free(self) -> None:  # noqa: B027 - most proxies tell
        """Raise while somebody else has a port, where the proxy itself would not tell."""

    @abstractmethod
    def _command(self) -> Sequence[str]: ...

    @abstractmethod
    def _environment(self) -> Mapping[str, str]: ...

    @abstractmethod
    def _ready(self) -> bool: ...
