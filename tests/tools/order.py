"""Which files of tests take long, so that none of them begins when all others are over.

A suite's processes take whole files, in the order in which they were collected.
"""

from __future__ import annotations

from pathlib import PurePath

# Longest first, as the reports of whole runs said (.build/reports). The order of the rest is no matter.
LONG = (
    "expiry variants door people up engine_away options uploads starting neighbours home "
    "start_failures start_engine pages races transfers volumes lab_image killed account storage "
    "sign_out main_job"
).split()


def place(file: PurePath) -> int:
    """Return where a file stands in the queue."""
    name = file.stem.removeprefix("test_")
    return LONG.index(name) if name in LONG else len(LONG)
