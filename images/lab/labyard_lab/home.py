"""Moving in: a new home gets what the system gives to a new account; any home must take a write.

One that is full is lived beside (``overlay``), one that is another account's cannot be lived in.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from labyard_lab import overlay, report, rooms, says

SKELETON = Path("/etc/skel")
MOUNTS = Path("/proc/self/mountinfo")
# Volumes of their own may hang in a home before anybody has lived there.
_VOLUMES = frozenset({"workspace", ".cache"})


def furnish(home: Path, skeleton: Path = SKELETON) -> None:
    """Copy ``skeleton`` into ``home`` if nobody has lived there yet, making it if need be."""
    home.mkdir(parents=True, exist_ok=True)
    if {entry.name for entry in home.iterdir()} - _VOLUMES or not skeleton.is_dir():
        return
    shutil.copytree(skeleton, home, dirs_exist_ok=True, copy_function=shutil.copyfile)


def move_in(home: Path) -> None:
    """Live in ``home``, or beside it where it takes no write; end where it is another account's."""
    with contextlib.suppress(OSError, shutil.Error):
        furnish(home)  # what keeps it from being furnished is looked at now
    if rooms.look(home, take=rooms.NEEDED).state == "denied":
        _unlock(home)  # else what is below it cannot be seen
    found = [
        rooms.look(path, take=rooms.NEEDED) for path in rooms.volumes(home, MOUNTS.read_text())
    ]
    for room in found:
        if room.state == "denied":
            _unlock(room.path)
    if rooms.closed(found[0]):
        overlay.lay(home, _scratch(home))
    report.rooms(found)


def _unlock(path: Path) -> None:
    """Open to its owner what the owner has closed; end, saying whose it is, if that is another."""
    while not path.exists():
        path = path.parent
    about = path.stat()
    if about.st_uid == os.getuid():
        path.chmod(about.st_mode | 0o700)
        return
    says.end(
        "not-writable",
        f"{path} belongs to account {about.st_uid}, and this lab runs as {os.getuid()}.",
        path=str(path),
        uid=about.st_uid,
        gid=about.st_gid,
        mode=oct(about.st_mode & 0o7777),
        user=os.getuid(),
    )


def _scratch(home: Path) -> Path:
    for path in (Path(os.environ.get("TMPDIR", "/tmp")), Path("/dev/shm")):
        if rooms.look(path, take=rooms.NEEDED).state in ("ok", "low"):
            return path
    says.end("no-room", "Neither the home nor scratch takes a write.", path=str(home))
