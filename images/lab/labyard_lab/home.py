"""A new home gets what the system gives to a new account."""

from __future__ import annotations

import shutil
from pathlib import Path

SKELETON = Path("/etc/skel")
# Volumes of their own may hang in a home before anybody has lived there.
_VOLUMES = frozenset({"workspace", ".cache"})


def furnish(home: Path, skeleton: Path = SKELETON) -> None:
    """Copy ``skeleton`` into ``home`` if nobody has lived there yet, making it if need be."""
    home.mkdir(parents=True, exist_ok=True)
    if {entry.name for entry in home.iterdir()} - _VOLUMES or not skeleton.is_dir():
        return
    shutil.copytree(skeleton, home, dirs_exist_ok=True, copy_function=shutil.copyfile)
