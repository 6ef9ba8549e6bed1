"""Runs one lab and sees to its end: ``keeper.py DIRECTORY PORT_FD ORDER_FD``.

A program of its own, so that a lab outlives the hub, its exit code is kept, and nothing it started
stays behind: whatever a lab's processes leave without a parent becomes the keeper's child
(``PR_SET_CHILD_SUBREAPER``), sessions of their own or not, and ends with the lab.

``PORT_FD`` is a socket bound to the lab's port and never listening: while the keeper holds it, the
kernel gives that port to nobody who does not name it. ``ORDER_FD`` brings the order as JSON; an order
that breaks off (its giver died) is none. ``SIGTERM`` asks the lab to end, ``SIGQUIT`` ends it.

It imports nothing that needs site packages and keeps the hub's account, the lab runs as its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "core"))
import logpump  # type: ignore[import-not-found]

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_CANNOT_START = 127


def main(directory: Path, order: dict[str, Any]) -> None:
    """Run the lab that ``order`` describes; leave its exit code in ``directory/exit``."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signals = {signal.SIGTERM, signal.SIGQUIT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    pump, log = _start_pump(directory / "log", order["log_bytes"], order["log_files"])
    lab = os.fork()
    if lab == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        _become_lab(order, log)
    os.close(log)
    _pass_on(lab)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    code = _wait_for(lab)
    _end_all_but(pump)
    with contextlib.suppress(ChildProcessError):  # buried already when it ended first
        os.waitpid(pump, 0)
    (directory / "exit.part").write_text(str(code))
    (directory / "exit.part").replace(directory / "exit")


def _start_pump(log: Path, size: int, files: int) -> tuple[int, int]:
    """Return the process that writes the log, and the descriptor to write to it."""
    read, write = os.pipe()
    pump = os.fork()
    if pump == 0:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        os.close(write)
        logpump.pump(read, str(log), size, files)
        os._exit(0)
    os.close(read)
    return pump, write


def _become_lab(order: dict[str, Any], log: int) -> None:
    """Turn this process into the lab. Does not return."""
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        for descriptor, number in ((null, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, number)
        os.setsid()
        account = order["account"]
        if account is not None:
            os.setgroups([account["shared_gid"]])
            os.setresgid(account["uid"], account["uid"], account["uid"])
            os.setresuid(account["uid"], account["uid"], account["uid"])
        # Whom the volume is shared with is told by its group; a home's group is its owner's own.
        os.umask(0o077 if account is None else 0o007)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if order["no_new_privileges"]:
            _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _lay_out(order)
        os.chdir(order["directory"])
        os.execvpe(order["command"][0], order["command"], order["environment"])  # noqa: S606
    except OSError as error:
        print(f"The lab cannot start: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(_CANNOT_START)


def _lay_out(order: dict[str, Any]) -> None:
    """Make folders and links, as the lab: what its owner put in the way cannot mislead us."""
    for folder in order["folders"]:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    for where, to in order["links"]:
        link = Path(where)
        if link.is_symlink():
            link.unlink()
        if link.is_dir() and not any(link.iterdir()):
            link.rmdir()
        if not link.exists():
            link.symlink_to(to)


def _pass_on(lab: int) -> None:
    """Let ``SIGTERM`` ask the lab's first process group to end, and ``SIGQUIT`` end all."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        _kill_group(lab, signal.SIGTERM)

    def end(_number: int, _frame: FrameType | None) -> None:
        _kill_group(lab, signal.SIGKILL)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGQUIT, end)


def _kill_group(lab: int, number: signal.Signals) -> None:
    try:
        os.killpg(lab, number)
    except ProcessLookupError:
        # Not a leader yet; a zombie until it is waited for, so never a stranger.
        os.kill(lab, number)


def _wait_for(lab: int) -> int:
    """Return the lab's exit code as a shell gives it, burying orphans on the way."""
    while True:
        # Look before burying: until then the lab's process id and group are nobody else's.
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        assert ended is not None  # noqa: S101
        if ended.si_pid != lab:
            os.waitpid(ended.si_pid, 0)
            continue
        for number in (signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        code = os.waitstatus_to_exitcode(os.waitpid(lab, 0)[1])
        return code if code >= 0 else 128 - code


def _end_all_but(pump: int) -> None:
    """Kill our children until none comes after: an ended one's children become ours."""
    while others := [pid for pid in _children() if pid != pump]:
        for pid in others:
            with contextlib.suppress(PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in others:
            os.waitpid(pid, 0)


def _children() -> list[int]:
    me, found = os.getpid(), []
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            if int(stat[stat.rindex(")") + 2 :].split()[1]) == me:
                found.append(int(entry))
    return found


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    os.set_inheritable(int(sys.argv[2]), False)
    with open(int(sys.argv[3])) as orders:  # noqa: PTH123
        given = json.loads(orders.read())
    main(Path(sys.argv[1]), given)
