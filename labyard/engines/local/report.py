"""What a lab's own program says of it: a small file in the lab's directory, read with care."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from labyard.engines.base import REPORT_BYTES

FILE = "tmp/labyard-report.json"  # below the lab's directory


def read(path: Path) -> bytes:
    """Return the content of a regular file of ``REPORT_BYTES`` at most, else nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(file.fileno())
        fits = stat.S_ISREG(about.st_mode) and about.st_size <= REPORT_BYTES
        return file.read(REPORT_BYTES) if fits else b""
