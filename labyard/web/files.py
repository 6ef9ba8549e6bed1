"""The files that pages need: read once, compressed once, named by what is in them."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type
from pathlib import Path

from jupyterhub._data import DATA_FILES_PATH

STATIC = Path(__file__).parent / "static"
BOOTSTRAP = "bootstrap.css"

_HUBS_SHEET = Path(DATA_FILES_PATH) / "static" / "css" / "style.min.css"
_IMPORT = re.compile(r"@import\s*(?:url\()?[\"'][^\"']*[\"']\)?[^;]*;")


@dataclass(frozen=True, slots=True)
class File:
    """One file. ``version`` changes with its content."""

    kind: str
    content: bytes
    packed: bytes
    version: str


def read(name: str) -> File | None:
    """Return one of the files, by its path below ``static``; None if there is none."""
    return _file(name) if name in _names() else None


def bootstrap() -> str:
    """Return the hub's own style sheet without the font of icons that it imports: ours are drawings."""
    return _IMPORT.sub("", _HUBS_SHEET.read_text())


@cache
def _names() -> frozenset[str]:
    files = (path for path in STATIC.rglob("*") if path.is_file())
    return frozenset([BOOTSTRAP, *(path.relative_to(STATIC).as_posix() for path in files)])


@cache  # of the names that there are, so that no stranger's guesses push one out
def _file(name: str) -> File:
    content = bootstrap().encode() if name == BOOTSTRAP else (STATIC / name).read_bytes()
    kind = guess_type(name)[0] or "application/octet-stream"
    version = hashlib.sha256(content).hexdigest()[:16]
    return File(kind, content, gzip.compress(content, 9, mtime=0), version)
