"""Which files of tests take long, so that none of them begins when all others are over.

A suite's processes take whole files, in the order in which they were collected.
"""

from __future__ import annotations

from pathlib import PurePath

# Longest first, as the reports of whole runs said (.build/reports). The order of the rest is no matter.
LONG = (
    "expiry variants engine_away door up neighbours starting uploads options races lab_image volumes "
    "people start_failures start_engine home pages groups transfers storage doctor journey killed "
    "hostile_text sign_out memory account notices base_urls main_job lab_pages style figures"
).split()


def place(file: PurePath) -> int:
    """Return where a file stands in the queue."""
    name = file.stem.removeprefix("test_")
    return LONG.index(name) if name in LONG else len(LONG)
