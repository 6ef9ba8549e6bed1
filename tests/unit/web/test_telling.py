"""What is said inside JupyterLab of something that went wrong."""

from __future__ import annotations

from datetime import UTC, datetime

from labyard.core import causes
from labyard.incidents.incident import Incident
from labyard.notices.models import LONGEST
from labyard.web.telling import notice_of
from labyard.web.view.incidents import view_incidents

AT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
FACTS = "All of this server together may use 16.5 GB."


def test_a_kernel_out_of_memory_is_told_whole() -> None:
    notice = notice_of(Incident(causes.KERNEL_OUT_OF_MEMORY, 1, "", AT, FACTS))
    assert notice is not None
    assert notice.message.endswith("at home.")
    assert FACTS in notice.message
    assert len(notice.message) <= LONGEST


def test_what_a_lab_tells_itself_is_not_told_twice() -> None:
    assert notice_of(Incident(causes.HOME_FULL, 1, "", AT)) is None


def test_home_says_where_when_and_how_often() -> None:
    (drawn,) = view_incidents(
        [Incident(causes.KERNEL_OUT_OF_MEMORY, 1, "train", AT, FACTS, times=3)],
        AT.replace(minute=50),
    )
    assert drawn.title == "A kernel ran out of memory · train (3 times)"
    assert (drawn.clock, drawn.ago, drawn.change) == ("10:42 UTC", "8 min ago", "memory")
