"""How many processes of a lab the kernel ended for want of memory, from its cgroup's own files.

An engine's ``OOMKilled`` speaks of the first process only: a notebook's kernel dies unsaid. Pure, but
for :func:`kills`, which reads two small files of this host's.
"""

from __future__ import annotations

import re
from pathlib import Path

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def file(memberships: str, container: str) -> Path | None:
    """Return which file counts, relative to where cgroups are mounted, or None.

    ``memberships`` is ``/proc/<pid>/cgroup`` of the lab's first process. A path that does not name the
    ``container`` is somebody else's: where hub and engine do not share process numbers.
    """
    lines = [line.split(":", 2) for line in memberships.splitlines() if line.count(":") > 1]
    paths = {controllers: path for _, controllers, path in lines}
    v1 = next((path for key, path in paths.items() if "memory" in key.split(",")), None)
    path = paths.get("") if v1 is None else v1
    if path is None or container not in path or ".." in path.split("/"):
        return None
    name = "memory.events" if v1 is None else "memory.oom_control"
    return Path("." if v1 is None else "memory", path.lstrip("/"), name)


def count(content: str) -> int | None:
    """Return the processes ended so far, by ``memory.oom_control`` (v1) or ``memory.events`` (v2)."""
    found = _COUNT.search(content)
    return int(found[1]) if found else None


def find(pid: int, container: str, proc: Path = PROC, cgroups: Path = CGROUPS) -> Path | None:
    """Return the file that counts for a running container, if this host shows it."""
    try:
        found = file((proc / str(pid) / "cgroup").read_text(), container)
    except OSError:
        return None
    return cgroups / found if found is not None and (cgroups / found).is_file() else None


def kills(counter: Path) -> int | None:
    """Return the processes ended so far; None when the lab is gone."""
    try:
        return count(counter.read_text())
    except OSError:
        return None
