"""Which labs are followed, for how long, and what is kept of what they tell."""

from __future__ import annotations

from datetime import timedelta

from labyard.core.models import Usage
from labyard.web.figures import History
from tests.unit.web.conftest import NOW


def at(seconds: float) -> Usage:
    return Usage(seconds, 0, NOW + timedelta(seconds=seconds))


def test_the_newest_figure_is_there_and_older_ones_are_five_seconds_apart() -> None:
    history = History()
    for second in range(23):
        history.add("lab", at(second))
    assert [usage.cpu for usage in history["lab"]] == [0, 5, 10, 15, 20, 22]


def test_ten_minutes_are_kept() -> None:
    history = History()
    for second in range(0, 2000, 2):
        history.add("lab", at(second))
    first, last = history["lab"][0].taken, history["lab"][-1].taken
    assert timedelta(minutes=9) < last - first < timedelta(minutes=13)


def test_what_is_gone_is_forgotten() -> None:
    history = History()
    history.add("a", at(0))
    history.add("b", at(0))
    history.keep({"b"})
    assert list(history) == ["b"]
