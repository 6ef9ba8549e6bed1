"""What this lab says of itself: a small file that the platform reads through the engine.

``labyard/incidents/report.py`` is the other end. The file keeps its size, so that a disk that has become
full in the meantime still takes it; a reader sees it whole, being one block. Whoever waits for news of it
(``answer``) is called when it changes.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labyard_lab.rooms import Room

_SIZE = 4096
_LONGEST = 200  # characters of a path
_TOLD = ("full", "low", "read-only")

_lock = threading.Lock()
_said: dict[str, Any] = {}
_listeners: list[Callable[[], None]] = []


def file() -> Path:
    """Return where the engine looks for it: see ``engines/*/report.py``."""
    of_a_process = "LABYARD_SECRETS" in os.environ
    return Path(os.environ.get("TMPDIR", "/tmp") if of_a_process else "/tmp", "labyard-report.json")


def rooms(
    found: Sequence[Room], largest: Sequence[tuple[str, int]] = (), *, disk: bool = False
) -> None:
    """Say which directories have no room; ``disk`` that all are full because the engine's disk is."""
    said = [
        {
            "path": str(room.path)[:_LONGEST],
            "state": "disk" if disk and room.state == "full" else room.state,
            "free": room.free,
            "size": room.size,
            "largest": [
                [path[:_LONGEST], size] for path, size in largest if Path(path).parent == room.path
            ],
        }
        for room in found
        if room.state in _TOLD
    ]
    say(rooms=said[:10])


def say(**facts: object) -> None:
    """Add to what is said, and write it down. A disk that takes nothing at all is left alone."""
    with _lock:
        _said.update(facts)
        _write(_fitting(_said))
        for changed in tuple(_listeners):
            changed()


def content() -> bytes:
    """Return all that is said."""
    with _lock:
        return _fitting(_said)


@contextmanager
def listening(changed: Callable[[], None]) -> Iterator[None]:
    """Have ``changed`` called, from any thread, whenever something is said."""
    with _lock:
        _listeners.append(changed)
    try:
        yield
    finally:
        with _lock:
            _listeners.remove(changed)


def _write(content: bytes) -> None:
    try:
        descriptor = os.open(file(), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            os.pwrite(descriptor, content.ljust(_SIZE), 0)
            os.ftruncate(descriptor, _SIZE)
        finally:
            os.close(descriptor)
    except OSError:
        return


def _fitting(said: dict[str, Any]) -> bytes:
    """Return what is said in a size that fits: rather how rooms stand than what fills them."""
    bare = [{**room, "largest": []} for room in said.get("rooms", [])]
    shorter = (said, {**said, "rooms": bare}, {**said, "rooms": bare[:1]})
    contents = (json.dumps(one).encode() for one in shorter)
    return next((content for content in contents if len(content) <= _SIZE), b"{}")
