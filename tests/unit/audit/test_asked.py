"""What of the audit is asked for, from text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labyard.audit.actions import SIGN_IN
from labyard.audit.asked import place, spot, wanted
from labyard.audit.entry import NOBODY, Entry
from labyard.audit.trail import Place, Wanted
from labyard.core.errors import Refused

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_is_empty_does_not_matter() -> None:
    assert wanted({}) == wanted({"actor": " ", "since": ""}) == Wanted()


def test_a_day_counts_as_a_whole() -> None:
    found = wanted({"since": "2026-03-01", "until": "2026-03-01"})
    assert found.since == datetime(2026, 3, 1, tzinfo=UTC)
    assert found.until == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-03-01T12:00", "2026-03-01T12:00:00Z", "2026-03-01T13:00:00 01:00"]
)
def test_moments_are_utc_unless_they_say_otherwise(text: str) -> None:
    assert wanted({"since": text}).since == NOON


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("action", "sign_in", "one of sign-in"),
        ("outcome", "ok", "one of done, refused, failed"),
        ("since", "yesterday", "2026-03-01T08:00:00Z"),
        ("until", "9999-12-31", "2026-03-01T08:00:00Z"),
        ("since", "0001-01-01T00:00:00+23:00", "2026-03-01T08:00:00Z"),
    ],
)
def test_what_cannot_be_is_told_with_what_can(field: str, text: str, told: str) -> None:
    with pytest.raises(Refused) as caught:
        wanted({field: text})
    assert field in caught.value.message
    assert text in caught.value.message
    assert told in caught.value.remedy


def test_a_place_in_the_list_is_read_as_it_is_written() -> None:
    at = NOON.replace(microsecond=17)
    assert place("before", spot(Entry(SIGN_IN, NOBODY, NOBODY, at=at, id=8))) == Place(at, 8)
    assert place("before", "") is None
    for wrong in ("8", "2026-03-01", "2026-03-01T12:00:00Z,x", ",8"):
        with pytest.raises(Refused):
            place("before", wrong)
