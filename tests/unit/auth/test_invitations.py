"""Many people at once: which lines are names."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from labyard.auth import usernames
from labyard.auth.invitations import MOST, BadLines, names
from labyard.core.errors import Refused


def read(*lines: str, taken: Collection[str] = ()) -> list[str]:
    return names(lines, usernames.objection, lambda found: set(found) & set(taken))


def test_lines_of_a_file_are_names_comments_and_empty_ones_are_not() -> None:
    assert read("Anna", "", "  ben # of physics", "# nobody", "c.d") == ["anna", "ben", "c.d"]


def test_every_bad_line_is_told_by_its_number_and_none_is_taken() -> None:
    with pytest.raises(BadLines) as caught:
        read("anna", "", "hub", "ben", "ANNA", "a b", "x" * 60)
    told = {line["line"]: line["message"] for line in caught.value.as_json()["lines"]}
    assert list(told) == [3, 5, 6, 7]
    assert "reserved" in told[3]
    assert told[5] == "anna is in line 1 already."
    assert "a-z" in told[6]
    assert len(told[7]) < 200, "what was typed is cut"
    with pytest.raises(BadLines, match="ben already"):
        read("anna", "ben", taken=["ben"])


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_there_is_at_least_one_and_not_too_many(count: int) -> None:
    with pytest.raises(Refused, match=r"There is no name|501"):
        read(*(f"u{n}" for n in range(count)))
