"""What a notice may be."""

from __future__ import annotations

from typing import Any

import pytest

from labyard.core.errors import Refused
from labyard.notices.models import LONGEST, Action, Kind, Look, Notice, Outcome


def test_it_is_told_as_jupyterlab_takes_it() -> None:
    notice = Notice(
        "Maintenance at 18:00.", Kind.IN_PROGRESS, False, (Action("All right", look=Look.ACCENT),)
    )
    assert notice.as_json() == {
        "message": "Maintenance at 18:00.",
        "type": "in-progress",
        "autoClose": False,
        "actions": [{"label": "All right", "caption": "", "displayType": "accent"}],
    }


def test_the_longest_message_is_140_characters() -> None:
    assert LONGEST == 140
    Notice("ü" * 140)
    with pytest.raises(Refused, match=r"message: there are 141 characters\. Write 1 to 140\."):
        Notice("ü" * 141)


@pytest.mark.parametrize("auto_close", [0, 1, 5000, False])
def test_it_closes_after_a_time_or_never_or_is_only_listed(auto_close: Any) -> None:
    assert Notice("a", auto_close=auto_close).as_json()["autoClose"] is auto_close


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"message": ""}, "message: there are 0"),
        ({"message": " \n"}, "message: there are 2"),
        ({"auto_close": True}, "autoClose: True"),
        ({"auto_close": -1}, "autoClose: -1"),
        ({"auto_close": 0.5}, "autoClose: 0.5"),
        ({"auto_close": 10**9}, "autoClose: 1000000000"),
        ({"actions": (Action("a"),) * 4}, "actions: there are 4"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        Notice(**{"message": "a", **fields})


@pytest.mark.parametrize("label", ["", "a" * 41])
def test_a_button_needs_a_short_label(label: str) -> None:
    with pytest.raises(Refused, match="actions: "):
        Action(label)


def test_every_outcome_has_words() -> None:
    assert all(outcome.words.endswith(".") for outcome in Outcome)
