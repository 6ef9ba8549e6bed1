"""The files that pages need: read once, compressed once, named by what is in them."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
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


@lru_cache(maxsize=64)
def read(name: str) -> File | None:
    """Return one of the files, by its path below ``static``; None if there is none."""
    if name == BOOTSTRAP:
        return _file(name, bootstrap().encode())
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC.resolve()) or not path.is_file():
        return None
    return _file(name, path.read_bytes())


def bootstrap() -> str:
    """Return the hub's own style sheet without the font of icons that it imports: ours are drawings."""
    return _IMPORT.sub("", _HUBS_SHEET.read_text())


def _file(name: str, content: bytes) -> File:
    kind = guess_type(name)[0] or "application/octet-stream"
    version = hashlib.sha256(content).hexdigest()[:16]
    return File(kind, content, gzip.compress(content, 9, mtime=0), version)
