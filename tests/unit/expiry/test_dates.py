"""When servers end: every decision, on a clock of our own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labyard.core.errors import Refused
from labyard.expiry.dates import (
    DAY,
    NOTICES,
    Expiry,
    announcement,
    at_start,
    extended,
    left,
    moved,
    notice_due,
    worth_extending,
)
from labyard.notices.models import LONGEST

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FULL, LAST = NOTICES

days = st.integers(1, 3650)
limits = st.none() | days


def ending(
    rest: timedelta, *, chosen: int = 7, most: int | None = None, age: timedelta = DAY
) -> Expiry:
    """Return the date of a server with ``rest`` left, set ``age`` ago."""
    return Expiry(NOW + rest, NOW - age, chosen, most)


# -- a start ------------------------------------------------------------------------------------------


def test_a_server_without_days_or_policy_lives_for_ever() -> None:
    assert at_start(None, None, None, NOW) is None
    assert at_start(ending(HOUR), None, None, NOW) is None


@pytest.mark.parametrize(
    ("chosen", "most", "lives"), [(7, None, 7), (7, 30, 7), (None, 30, 30), (60, 30, 30)]
)
def test_a_first_start_sets_the_date(chosen: int | None, most: int | None, lives: int) -> None:
    assert at_start(None, chosen, most, NOW) == Expiry(NOW + lives * DAY, NOW, lives, most)


def test_stopping_and_starting_keeps_the_date() -> None:
    before = ending(2 * DAY, chosen=7)
    assert at_start(before, 7, None, NOW) == before


def test_an_extension_outlives_stopping_and_starting() -> None:
    before = extended(ending(2 * DAY, chosen=1), 20, NOW)
    assert at_start(before, 1, None, NOW + DAY) == before


def test_another_choice_sets_another_date() -> None:
    assert at_start(ending(2 * DAY, chosen=7), 14, None, NOW) == Expiry(NOW + 14 * DAY, NOW, 14)


def test_a_start_after_the_end_begins_a_new_life() -> None:
    over = ending(-MINUTE, chosen=7)
    assert at_start(over, 7, None, NOW) == Expiry(NOW + 7 * DAY, NOW, 7)


def test_a_stricter_policy_brings_the_end_nearer() -> None:
    before = ending(20 * DAY, chosen=3, most=30)
    after = at_start(before, 3, 5, NOW)
    assert after is not None
    assert (after.expires, after.most_days) == (NOW + 5 * DAY, 5)


@given(st.none() | st.builds(ending, st.timedeltas(-DAY, 99 * DAY), chosen=days), limits, days)
def test_no_start_passes_the_policy(before: Expiry | None, chosen: int | None, most: int) -> None:
    after = at_start(before, chosen, most, NOW)
    assert after is not None
    assert NOW < after.expires <= NOW + most * DAY


# -- an extension -------------------------------------------------------------------------------------


def test_an_extension_counts_from_now_and_begins_the_notices_anew() -> None:
    before = Expiry(NOW + HOUR, NOW - 6 * DAY, 7, None, FULL)
    assert extended(before, None, NOW) == Expiry(NOW + 7 * DAY, NOW, 7, None, None)
    assert extended(before, 30, NOW).expires == NOW + 30 * DAY


@pytest.mark.parametrize(
    ("before", "wanted", "words"),
    [
        (ending(DAY, most=30), 31, "days: 31 is more than the 30 days from now"),
        (ending(DAY, most=1, chosen=1), 2, "days: 2 is more than the 1 day from now"),
        (ending(DAY), 0, "days: 0 is too few"),
        (ending(DAY), -1, "days: -1 is too few"),
        (ending(9 * DAY), None, "lives for 7 days from now already: 9 days left"),
        (ending(7 * DAY, most=7), None, r"already: 7 days left\. Extend it later"),
        (ending(9 * DAY), 8, r"already: 9 days left\. Give more days"),
    ],
)
def test_what_policy_or_sense_forbids_is_refused(
    before: Expiry, wanted: int | None, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        extended(before, wanted, NOW)


@given(st.builds(ending, st.timedeltas(-DAY, 99 * DAY), chosen=days, most=limits), limits)
def test_an_extension_gives_time_and_never_more_than_policy(
    before: Expiry, wanted: int | None
) -> None:
    try:
        after = extended(before, wanted, NOW)
    except Refused:
        return
    assert after.expires > before.expires
    assert before.most_days is None or after.expires <= NOW + before.most_days * DAY


@pytest.mark.parametrize(
    ("rest", "worth"), [(6 * DAY, True), (7 * DAY - HOUR, True), (7 * DAY - MINUTE, False)]
)
def test_it_is_offered_where_it_gives_an_hour_or_more(rest: timedelta, worth: bool) -> None:
    assert worth_extending(ending(rest), NOW) is worth


# -- notices ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "life", "told", "due"),
    [
        (25 * HOUR, 7 * DAY, None, None),
        (24 * HOUR, 7 * DAY, None, FULL),
        (20 * HOUR, 7 * DAY, None, FULL),
        (20 * HOUR, 7 * DAY, FULL, None),
        (HOUR, 7 * DAY, FULL, LAST),
        (MINUTE, 7 * DAY, None, LAST),  # nobody looked for a day: one notice, not two
        (MINUTE, 7 * DAY, LAST, None),
        (-MINUTE, 7 * DAY, None, None),
        (23 * HOUR, DAY, None, None),  # chosen an hour ago: they know
        (HOUR, DAY, None, LAST),
        (30 * MINUTE, 40 * MINUTE, None, LAST),  # a life shorter than any notice's time
        (30 * MINUTE, 40 * MINUTE, LAST, None),
    ],
)
def test_which_notice_is_due(
    rest: timedelta, life: timedelta, told: timedelta | None, due: timedelta | None
) -> None:
    assert notice_due(Expiry(NOW + rest, NOW + rest - life, 7, None, told), NOW) == due


@given(st.timedeltas(MINUTE, 10 * DAY), st.timedeltas(MINUTE, 3 * HOUR))
def test_everybody_is_told_before_the_end_and_no_notice_comes_twice(
    life: timedelta, every: timedelta
) -> None:
    expiry, told, now = Expiry(NOW + life, NOW, 1), [], NOW
    while not expiry.ended(now):
        if (due := notice_due(expiry, now)) is not None:
            told.append(due)
            expiry = Expiry(expiry.expires, NOW, 1, None, due)
        now += every
    assert len(told) == len(set(told))
    assert told == sorted(told, reverse=True)
    if every <= LAST:
        assert told[-1:] == [LAST]


# -- words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (7 * DAY - MINUTE, "7 days left"),
        (6 * DAY, "6 days left"),
        (2 * DAY, "2 days left"),
        (2 * DAY - MINUTE, "ends in 47 h 59 min"),
        (5 * HOUR + 20 * MINUTE, "ends in 5 h 20 min"),
        (HOUR, "ends in 1 h 0 min"),
        (timedelta(seconds=1), "ends in 1 min"),
        (timedelta(0), "ends now"),
        (-DAY, "ends now"),
    ],
)
def test_the_rest_in_words(rest: timedelta, words: str) -> None:
    assert left(ending(rest), NOW) == words


@pytest.mark.parametrize(
    ("server", "rest", "words"),
    [
        ("", 24 * HOUR, "Your server ends in 24 hours."),
        ("train", HOUR, "The server train ends in 60 minutes."),
        ("train", timedelta(seconds=20), "The server train ends in 1 minute."),
    ],
)
def test_what_is_said_in_the_lab(server: str, rest: timedelta, words: str) -> None:
    assert announcement(server, ending(rest), NOW).startswith(words)


@given(st.text(max_size=255), st.timedeltas(timedelta(0), 24 * HOUR))
def test_it_always_fits_a_notice(server: str, rest: timedelta) -> None:
    assert len(announcement(server, ending(rest), NOW)) <= LONGEST


def test_a_date_may_be_moved_nearer_on_purpose_but_not_beyond_the_policy() -> None:
    before = ending(6 * DAY, chosen=7, most=10)
    assert moved(before, 1, NOW).expires == NOW + DAY
    with pytest.raises(Refused, match="more than the 10 days"):
        moved(before, 11, NOW)
    with pytest.raises(Refused, match="too few"):
        moved(before, 0, NOW)
