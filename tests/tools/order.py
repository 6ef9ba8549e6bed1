"""Which files of tests take long, so that none of them begins when all others are over.

A suite's processes take whole files, in the order in which they were collected.
"""

from __future__ import annotations

from pathlib import PurePath

# Longest first, as the reports of whole runs said (.build/reports). The order of the rest is no matter.
LONG = (
    *("test_expiry.py", "test_variants.py", "test_door.py", "test_people.py", "test_up.py"),
    *("test_engine_away.py", "test_options.py", "test_uploads.py", "test_starting.py"),
    *("test_neighbours.py", "test_home.py", "test_start_failures.py", "test_start_engine.py"),
    *(
        "test_pages.py",
        "test_races.py",
        "test_transfers.py",
        "test_volumes.py",
        "test_lab_image.py",
    ),
    *(
        "test_killed.py",
        "test_account.py",
        "test_storage.py",
        "test_sign_out.py",
        "test_main_job.py",
    ),
)


def place(file: PurePath) -> int:
    """Return where a file stands in the queue."""
    return LONG.index(file.name) if file.name in LONG else len(LONG)
