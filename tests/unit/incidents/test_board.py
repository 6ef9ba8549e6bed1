"""What is kept for people, how long, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from labyard.core import causes
from labyard.incidents.board import KEPT, Board
from labyard.incidents.incident import Incident

AT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
KERNEL = Incident(causes.KERNEL_OUT_OF_MEMORY, 7, "", AT)
FULL = Incident(causes.HOME_FULL, 7, "", AT, lasting=True)


def later(incident: Incident, **by: float) -> Incident:
    return replace(incident, at=incident.at + timedelta(**by))


def test_one_of_a_kind_is_kept_the_newest_with_its_number() -> None:
    board = Board()
    assert board.put(KERNEL)
    assert board.put(later(KERNEL, minutes=3))
    assert board.put(replace(KERNEL, server="other"))
    first, second = board.of(7, AT + timedelta(minutes=3))
    assert (first.server, first.times, first.at) == ("", 2, AT + timedelta(minutes=3))
    assert (second.server, second.times) == ("other", 1)
    assert board.of(8, AT) == []


def test_what_happened_is_forgotten_after_a_day_what_lasts_is_not() -> None:
    board = Board()
    board.put(KERNEL)
    board.settle(7, "", [FULL])
    assert [i.cause for i in board.of(7, AT + KEPT + timedelta(seconds=1))] == [causes.HOME_FULL]


def test_what_lasts_is_news_once_and_goes_when_the_lab_says_so() -> None:
    board = Board()
    assert board.settle(7, "", [FULL]) == [FULL]
    assert board.settle(7, "", [later(FULL, minutes=1)]) == []
    assert board.of(7, AT)[0].at == AT
    assert board.settle(7, "other", []) == []
    assert len(board.of(7, AT)) == 1
    board.settle(7, "", [])
    assert board.of(7, AT) == []


def test_what_was_dismissed_stays_away_until_it_happens_again() -> None:
    board = Board()
    for incident in (KERNEL, FULL):
        board.put(incident)
        board.dismiss(7, "", incident.cause.code)
    board.dismiss(7, "", "unheard-of")
    assert board.of(7, AT) == []
    board.settle(7, "", [FULL])
    assert board.of(7, AT) == []
    board.settle(7, "", [])
    board.settle(7, "", [FULL])
    board.put(KERNEL)
    assert len(board.of(7, AT)) == 2
    assert {i.times for i in board.of(7, AT)} == {1}


def test_nobody_dismisses_for_another() -> None:
    board = Board()
    board.put(KERNEL)
    board.dismiss(8, "", KERNEL.cause.code)
    assert len(board.of(7, AT)) == 1


def test_a_lab_that_ended_is_not_told_of_twice() -> None:
    board = Board()
    board.put(KERNEL)
    board.put(later(replace(KERNEL, cause=causes.LAB_OUT_OF_MEMORY), seconds=3))
    assert [i.cause for i in board.of(7, AT)] == [causes.LAB_OUT_OF_MEMORY]


def test_the_end_of_a_lab_is_told_by_the_start_that_failed_with_it() -> None:
    board = Board()
    ended = replace(KERNEL, cause=causes.LAB_OUT_OF_MEMORY)
    board.put(replace(ended, server="other"))
    board.put(ended)
    board.told_otherwise(7, "", AT + timedelta(minutes=5))
    assert len(board.of(7, AT)) == 2, "an earlier lab's end is another thing"
    board.told_otherwise(7, "", AT + timedelta(seconds=3))
    assert [i.server for i in board.of(7, AT)] == ["other"]


def test_the_end_of_a_lab_is_forgotten_once_it_runs_again() -> None:
    board = Board()
    ended = replace(KERNEL, cause=causes.LAB_OUT_OF_MEMORY)
    for incident in (ended, replace(ended, server="other"), KERNEL):
        board.put(incident)
    board.started(7, "")
    board.started(7, "unheard-of")
    told = {(i.server, i.cause) for i in board.of(7, AT)}
    assert told == {("other", causes.LAB_OUT_OF_MEMORY), ("", causes.KERNEL_OUT_OF_MEMORY)}
