"""A lab's report is read strictly: it comes from inside."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from labyard.core import causes
from labyard.incidents.incident import Incident
from labyard.incidents.report import Report, of_report, read

AT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
GB = 2**30


def told(**report: Any) -> list[Incident]:
    return of_report(read(json.dumps(report).encode()), 7, "train", AT)


def test_a_full_home_names_what_is_largest() -> None:
    largest = [["/home/lab/models", 3 * GB], ["/home/lab/.local", GB], ["/a", 5], ["/b", 4]]
    (full,) = told(
        rooms=[{"path": "/home/lab", "state": "full", "size": 4 * GB, "largest": largest}]
    )
    assert (full.cause, full.lasting, full.server) == (causes.HOME_FULL, True, "train")
    assert full.facts == (
        "/home/lab has 0 B of 4 GB left. The largest there: models (3 GB), .local (1 GB), /a (5 B)."
    )


def test_a_full_disk_is_not_a_full_home() -> None:
    (full,) = told(rooms=[{"path": "/home/lab", "state": "disk", "free": 0, "size": GB}])
    assert full.cause is causes.DISK_FULL


@pytest.mark.parametrize(
    ("skew", "words"),
    [(7260.0, "2 hours ahead of"), (-300, "5 minutes behind"), (864_000, "10 days ahead of")],
)
def test_clocks_that_differ_say_by_how_much(skew: float, words: str) -> None:
    (skewed,) = told(skew=skew)
    assert skewed.cause is causes.CLOCK_SKEW
    assert words in skewed.facts


def test_a_little_skew_is_nothing() -> None:
    assert told(skew=30) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"skew": NaN}',
        b'{"skew": 1e999}',
        b'{"skew": 1e300}',
        b'{"skew": "9999"}',
        b'{"rooms": [{"path": "/home/lab", "state": "burning"}]}',
        b'{"rooms": [{"path": "/home/lab", "state": "full", "free": -1}]}',
        json.dumps({"rooms": [{"path": "x" * 201, "state": "full"}]}).encode(),
        json.dumps({"rooms": [{"path": "x", "state": "full"}] * 11}).encode(),
    ],
)
def test_what_cannot_be_read_says_nothing(content: bytes) -> None:
    assert read(content) == Report()


def test_a_path_cannot_dress_up_as_something_else() -> None:
    evil = "/home/lab/<script>alert(1)</script>\u202etxt.\n\x1b[31m"
    (full,) = told(rooms=[{"path": "/home/lab", "state": "full", "largest": [[evil, 1]]}])
    assert "<script>" in full.facts  # the page escapes; here it is text
    assert not {"\u202e", "\n", "\x1b"} & set(full.facts)
