"""Sizes and durations are read as written, and nothing else is."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labyard.core.units import parse_bytes, parse_seconds, show_bytes, write_bytes, write_seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (0, 0),
        ("512M", 512 * 2**20),
        ("4G", 4 * 2**30),
        ("4g", 4 * 2**30),
        ("4 GiB", 4 * 2**30),
        ("1.5GB", 3 * 2**29),
        ("2T", 2 * 2**40),
        (" 100 ", 100),
        ("10b", 10),
        ("123456789012345678", 123456789012345678),
    ],
)
def test_sizes(written: object, size: int) -> None:
    assert parse_bytes(written) == size


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (90, 90.0),
        (0.5, 0.5),
        ("90", 90.0),
        ("90s", 90.0),
        ("5m", 300.0),
        ("8H", 28800.0),
        ("14d", 1209600.0),
        ("1.5h", 5400.0),
    ],
)
def test_durations(written: object, seconds: float) -> None:
    assert parse_seconds(written) == seconds


NEITHER = [True, False, None, [], {}, "", "x", "-1", "nan", "1e3", "1_000", "1..2", "٣", "4 G G"]


@pytest.mark.parametrize(
    "value", [*NEITHER, 1.5, math.nan, "4Q", "4GG", "9" * 400 + "G", "4\u212a"]
)
def test_what_is_no_size_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be a size such as 512M, 4G or a number of bytes"):
        parse_bytes(value)


@pytest.mark.parametrize(
    "value", [*NEITHER, math.nan, math.inf, -math.inf, "5y", "60ms", "9" * 400]
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be a duration such as 30s, 5m, 8h or a number of"):
        parse_seconds(value)


@given(st.integers(0, 2**63 - 1).filter(lambda n: len(write_bytes(n)) <= 18))
def test_a_size_that_was_written_is_read_back(size: int) -> None:
    assert parse_bytes(write_bytes(size)) == size


@given(st.integers(0, 10**9) | st.integers(0, 10**12).map(lambda n: n / 1000))
def test_a_duration_that_was_written_is_read_back(seconds: float) -> None:
    assert parse_seconds(write_seconds(seconds)) == pytest.approx(seconds, abs=1e-6)


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_anything_is_read_or_refused(value: object) -> None:
    for parse in (parse_bytes, parse_seconds):
        with suppress(ValueError):
            assert math.isfinite(parse(value))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KB"),
        (10 * 2**20, "10 MB"),
        (3.1 * 2**30, "3.1 GB"),
        (5 * 2**40, "5 TB"),
    ],
)
def test_sizes_for_people(size: float, shown: str) -> None:
    assert show_bytes(size) == shown
