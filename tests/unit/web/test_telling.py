"""What is said inside JupyterLab of something that went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from labyard.core import causes
from labyard.core.models import Owner
from labyard.incidents.incident import Incident
from labyard.notices.models import LONGEST
from labyard.web.dismissed import Dismissed
from labyard.web.servers import Failed, Person, Server
from labyard.web.telling import notice_of
from labyard.web.view.incidents import IncidentView, view_failures, view_incidents

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
        {},
    )
    assert drawn.title == "A kernel ran out of memory · train (3 times)"
    assert (drawn.clock, drawn.ago, drawn.change) == ("10:42 UTC", "8 min ago", "memory")


def test_home_says_which_server_did_not_start_until_it_does() -> None:
    failed = Failed("out-of-memory", "The lab ran out of memory while starting", 2 * 2**30)
    servers = [Server("train", last_activity=AT, failed=failed), Server("", last_activity=AT)]
    who = Person("anna", False, {server.name: server for server in servers})
    (drawn,) = view_failures(who, AT.replace(minute=50))
    assert (drawn.title, drawn.ago) == ("train did not start", "8 min ago")
    assert drawn.facts == "The lab ran out of memory while starting."
    assert drawn.more_words == "2 GB"


def test_more_memory_is_offered_to_a_lab_that_ended_for_want_of_it() -> None:
    wanting = [Incident(cause, 1, "", AT) for cause in (causes.LAB_OUT_OF_MEMORY, causes.HOME_FULL)]
    assert [drawn.more for drawn in view_incidents(wanting, AT, {"": 2**30})] == [2**30, 0]
    assert [drawn.more for drawn in view_incidents(wanting, AT, {"": None})] == [0, 0]


def failures(**at: datetime) -> Sequence[IncidentView]:
    failed = Failed("out-of-memory", "The lab ran out of memory while starting")
    servers = {name: Server(name, last_activity=when, failed=failed) for name, when in at.items()}
    return view_failures(Person("anna", False, servers), AT)


def test_a_dismissed_failure_stays_away_until_the_next() -> None:
    dismissed, anna, ben = Dismissed(), Owner(1, "anna"), Owner(2, "ben")
    one, two = told = failures(one=AT, two=AT)
    dismissed.put(anna, "one", one.at, told)
    dismissed.put(anna, "two", two.at, told)
    assert dismissed.holds(anna, one)
    assert dismissed.holds(anna, two)
    assert not dismissed.holds(ben, one)
    assert not dismissed.holds(anna, *failures(one=AT.replace(minute=43)))


def test_only_what_home_tells_can_be_dismissed_so_that_little_is_kept() -> None:
    dismissed, anna = Dismissed(), Owner(1, "anna")
    (one,) = told = failures(one=AT)
    dismissed.put(anna, "two", one.at, told)
    dismissed.put(anna, "one", "x" * 100_000, told)
    dismissed.put(anna, "one", one.at, told)
    assert dismissed._taken == {1: {("one", one.at)}}
    dismissed.put(anna, "one", one.at, [])
    assert not dismissed.holds(anna, one), "it is over"
