"""The hub as a process of its own: started, found again, asked whether it is well, stopped."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from labyard.core.errors import Busy, LabyardError
from labyard.core.paths import Paths
from labyard.core.processes import PidFile, start_detached, tail

_LOOK_AGAIN = 0.1  # seconds


class HubDied(LabyardError):
    """The hub ended, or did not become ready in time."""

    code = "hub-died"
    status = 503


class HubProcess:
    """The hub of one installation."""

    def __init__(self, paths: Paths) -> None:
        self._pid_file = PidFile(paths.run / "hub.pid")
        self._directory = paths.data
        self.log = paths.logs / "hub.log"

    @property
    def pid(self) -> int | None:
        """Return the hub's process id while it runs."""
        return self._pid_file.pid()

    def start(self, settings_file: Path) -> int:
        """Start the hub and return its process id."""
        environment = {**os.environ, "LABYARD_CONFIG": str(settings_file)}
        return start_detached(
            [sys.executable, "-m", "labyard", "hub"],
            log=self.log,
            pid_file=self._pid_file,
            environment=environment,
            directory=self._directory,
        )

    def stop(self, grace: float = 30.0) -> bool:
        """Stop the hub; return whether it ran."""
        return self._pid_file.stop(grace)

    async def wait(self, url: str, patience: float, *, host: str = "") -> None:
        """Wait until hub and pages answer below ``url``, at most ``patience`` seconds.

        ``host`` is the name to ask for, where that is not the one in ``url``.

        Raises
        ------
        HubDied
            With the end of the hub's log.
        """
        deadline = time.monotonic() + patience
        while not await asyncio.to_thread(_reached, url, host):
            if self.pid is None:
                raise self._died("The hub ended while it was starting.")
            if time.monotonic() > deadline:
                raise self._died(f"The hub did not answer at {url} within {patience:g} s.")
            await asyncio.sleep(_LOOK_AGAIN)

    def _died(self, message: str) -> HubDied:
        said = tail(self.log)
        return HubDied(
            f"{message} It said last:\n\n{said}\n" if said else message,
            remedy=f"All it said is in {self.log}; `labyard doctor` looks for the cause.",
        )


def _reached(url: str, host: str) -> bool:
    return healthy(url) and service_answers(url, host)


def healthy(url: str) -> bool:
    """Return whether the hub below ``url`` answers its health check."""
    return _status(url + "hub/health") == 200


def service_answers(url: str, host: str = "") -> bool:
    """Return whether Labyard's pages below ``url`` answer: strangers are turned away, not failed."""
    return _status(url + "services/labyard/api/servers", host) in {200, 401, 403}


def _status(url: str, host: str = "", timeout: float = 2.0) -> int:
    """Return the status of an answer; 0 when there is none."""
    try:
        request = Request(url, headers={"Host": host} if host else {})  # noqa: S310  http alone
        with build_opener(ProxyHandler({})).open(request, timeout=timeout) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (URLError, OSError):
        return 0


@contextmanager
def one_at_a_time(paths: Paths, patience: float = 600.0) -> Iterator[None]:
    """Hold the installation for starting or stopping; a second one waits its turn.

    Raises
    ------
    Busy
        When the first one takes longer than ``patience`` seconds.
    """
    paths.make()
    descriptor = os.open(paths.run / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy(
                        "Another `labyard up` or `labyard down` is still under way.",
                        remedy="Wait for it, then try again.",
                    ) from None
                time.sleep(_LOOK_AGAIN)
        yield
    finally:
        os.close(descriptor)
