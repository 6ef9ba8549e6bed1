"""Processes that outlive whoever started them, found again by a file.

A process id alone may by now be a stranger's. The file keeps the start time and the boot as well,
and signals go through a pidfd that was opened before these were compared: a recycled id is never hit.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
# What this process started and has not seen end: a long-lived starter leaves no zombies.
_started: list[subprocess.Popen[bytes]] = []
_PUMP = Path(__file__).with_name("logpump.py")
# Of each log, who speaks and who writes: the second ends once all is written that the first one said.
_speakers: dict[Path, tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]] = {}
_WRITING = 2.0  # seconds it may take for that


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for all time: ``started`` is in clock ticks since ``boot``."""

    pid: int
    started: int
    boot: str


def identify(pid: int) -> Identity | None:
    """Return who runs under ``pid`` now; None when nobody does, or only a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        # The second field is the program's name in brackets and may hold anything.
        state, *fields = stat[stat.rindex(")") + 2 :].split()
        if state in "ZX":
            return None
        return Identity(pid, int(fields[18]), _BOOT.read_text().strip())
    except (OSError, ValueError):
        return None


class PidFile:
    """Remembers one process in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, pid: int) -> None:
        """Remember the process that runs under ``pid``; a process that has ended is not kept."""
        identity = identify(pid)
        if identity is not None:
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps(asdict(identity)))
            part.replace(self.path)

    def pid(self) -> int | None:
        """Return the process id while the remembered process itself still runs."""
        remembered = self._read()
        if remembered is not None and identify(remembered.pid) == remembered:
            return remembered.pid
        return None

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to the remembered process; return whether it was still there."""
        descriptor = self._open()
        if descriptor is None:
            return False
        try:
            signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
        return True

    def stop(self, grace: float) -> bool:
        """End the process, by force after ``grace`` seconds; return whether there was one."""
        descriptor = self._open()
        if descriptor is None:
            self.path.unlink(missing_ok=True)
            return False
        try:
            for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
                signal.pidfd_send_signal(descriptor, number)
                if select.select([descriptor], [], [], patience)[0]:
                    break
        except ProcessLookupError:
            pass  # it ended by itself in between
        finally:
            os.close(descriptor)
        self.path.unlink(missing_ok=True)
        return True

    def _read(self) -> Identity | None:
        try:
            return Identity(**json.loads(self.path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _open(self) -> int | None:
        remembered = self._read()
        if remembered is None:
            return None
        try:
            descriptor = os.pidfd_open(remembered.pid)
        except ProcessLookupError:
            return None
        if identify(remembered.pid) != remembered:
            os.close(descriptor)
            return None
        return descriptor


def start_detached(
    command: Sequence[str],
    *,
    log: Path,
    pid_file: PidFile,
    environment: Mapping[str, str],
    directory: Path,
    log_bytes: int = 10 * 2**20,
    log_files: int = 3,
) -> int:
    """Start ``command`` in a session of its own and return its process id.

    What it writes goes to ``log``, kept to ``log_files`` files of ``log_bytes`` bytes each.
    """
    pump = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_PUMP), str(log), str(log_bytes), str(log_files)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert pump.stdin is not None  # noqa: S101
    with pump.stdin:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=pump.stdin,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=directory,
            start_new_session=True,
            umask=0o077,
        )
    pid_file.write(process.pid)
    _speakers[log] = process, pump
    _started[:] = [child for child in (*_started, pump, process) if child.poll() is None]
    return process.pid


def tail(log: Path, lines: int = 20) -> str:
    """Return the last ``lines`` lines of a log; empty when there is none.

    The last words of a process that was started here and has ended are waited for.
    """
    process, pump = _speakers.get(log, (None, None))
    if process and pump and process.poll() is not None:
        with suppress(subprocess.TimeoutExpired):
            pump.wait(_WRITING)
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 400 * lines))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def end_with_parent(parent: int) -> None:
    """Have the kernel end this process when the one that started it ends, however it ends.

    For the managed service: a hub that was killed leaves no orphan on the service's port. ``parent`` is
    the process id of the one that started it, which may have ended by now.
    """
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG, <linux/prctl.h>
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
