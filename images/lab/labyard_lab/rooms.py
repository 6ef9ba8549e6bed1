"""Whether the directories a person works in take a write, and what fills them."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEEDED = 2**20  # bytes: what a lab writes for itself when it starts
_LITTLE = 2**16  # bytes that show whether somebody who works here can still write
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NAMELESS_UNKNOWN = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
_LOW_SHARE, _LOW_BYTES = 0.05, 2**30
_PATIENCE = 4.0  # seconds to add up what is in a home
_MOST, _WORTH = 5, 2**16  # how many things are named, and from how many bytes on
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Room:
    """How a directory stands: ``ok``, ``low``, ``full``, ``read-only`` or ``denied``; sizes in bytes."""

    path: Path
    state: str
    free: int = 0
    size: int = 0


def closed(room: Room) -> bool:
    """Return whether it takes no write, and that is nobody's decision about this account."""
    return room.state in ("full", "read-only")


def look(path: Path, *, take: int = 0) -> Room:
    """Return how ``path`` stands. Only to ``take`` bytes shows a quota; they are given back at once."""
    state = _tried(path, take) if take else "ok"
    try:
        about = os.statvfs(path)
    except OSError:
        return Room(path, state)
    free, size = about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize
    if state == "ok" and about.f_flag & os.ST_RDONLY:
        state = "read-only"
    elif state == "ok" and size and free < NEEDED:
        state = "full"
    elif state == "ok" and free < min(_LOW_SHARE * size, _LOW_BYTES):
        state = "low"
    return Room(path, state, free, size)


class Looks:
    """Looks at directories again and again, cheaply: only where something was written it takes room."""

    def __init__(self) -> None:
        self._before: dict[Path, Room] = {}

    def look(self, path: Path, *, sure: bool = False) -> Room:
        """Return how ``path`` stands. To be ``sure`` takes room in any case."""
        before, room = self._before.get(path), look(path)
        if before is None or closed(before) or closed(room):
            room = look(path, take=NEEDED)
        elif sure or room.free < before.free:
            room = look(path, take=_LITTLE)
        self._before[path] = room
        return room


def _tried(path: Path, take: int) -> str:
    """Return what comes of taking as many bytes, in a file without a name."""
    try:
        descriptor = _nameless(path)
        try:
            os.posix_fallocate(descriptor, 0, take)
        finally:
            os.close(descriptor)  # where a network file system says that a quota is reached
    except OSError as error:
        if error.errno in _FULL:
            return "full"
        return "read-only" if error.errno == errno.EROFS else "denied"
    return "ok"


def _nameless(path: Path) -> int:
    try:
        return os.open(path, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except OSError as error:
        if error.errno not in _NAMELESS_UNKNOWN:
            raise
    sample = path / f".labyard-{os.getpid()}-{time.monotonic_ns()}"
    descriptor = os.open(sample, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    sample.unlink()
    return descriptor


def volumes(home: Path, mounts: str) -> list[Path]:
    """Return ``home`` and the writable volumes below it, by ``/proc/self/mountinfo``."""
    found = [home]
    for line in mounts.splitlines():
        fields = line.split()
        path = Path(_ESCAPED.sub(lambda m: chr(int(m[1], 8)), fields[4]))
        # Not Path.is_dir: in a directory that its owner closed it fails.
        below = path != home and path.is_relative_to(home) and os.path.isdir(path)  # noqa: PTH112
        if below and "ro" not in fields[5].split(","):
            found.append(path)
    return found


def largest(path: Path, patience: float = _PATIENCE) -> list[tuple[str, int]]:
    """Return the largest things right in ``path`` with their bytes on disk, the largest first.

    Other file systems are left out. What is not added up within ``patience`` seconds is not counted.
    """
    deadline = time.monotonic() + patience
    try:
        device = path.lstat().st_dev
        entries = sorted(path.iterdir())
    except OSError:
        return []
    sums = ((_readable(entry), sum(_sizes(entry, device, deadline))) for entry in entries)
    worth = (found for found in sums if found[1] >= _WORTH)
    return sorted(worth, key=lambda found: found[1], reverse=True)[:_MOST]


def _readable(path: Path) -> str:
    """Return a name that can be sent: not all bytes of a file's name are text."""
    return os.fsencode(path).decode(errors="replace")


def _sizes(entry: Path, device: int, deadline: float) -> Iterator[int]:
    waiting = [entry]
    while waiting and time.monotonic() < deadline:
        at = waiting.pop()
        try:
            about = at.lstat()
            if about.st_dev != device:
                continue
            yield about.st_blocks * 512
            if at.is_dir() and not at.is_symlink():
                waiting.extend(at.iterdir())
        except OSError:
            continue
