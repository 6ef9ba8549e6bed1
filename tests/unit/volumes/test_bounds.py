"""Who may read a volume now, and how many at once."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from labyard.core.errors import Busy, Crowded
from labyard.core.models import Owner
from labyard.volumes.bounds import Filling, Reading

ANNA, BEN = Owner(1, "anna"), Owner(2, "ben")


def test_nobody_begins_to_read_what_is_about_to_go() -> None:
    reading = Reading()
    with reading.shut(["home"]):
        with pytest.raises(Busy, match="being reset"), reading.take(ANNA, "home"):
            pass
        with reading.take(ANNA, "cache"):
            assert "cache" in reading
    with reading.take(ANNA, "home"):
        assert "home" in reading
    assert "home" not in reading


def test_one_person_leaves_room_for_others() -> None:
    reading = Reading()
    with reading.take(ANNA, "home"), reading.take(ANNA, "cache"):
        with pytest.raises(Busy, match="of yours"), reading.take(ANNA, "home"):
            pass
        with reading.take(BEN, "home"):
            pass
        assert "home" in reading


def test_all_people_together_send_and_fetch_only_so_much() -> None:
    filling = Filling(2)
    with filling.take():
        with filling.take(), pytest.raises(Crowded) as refused, filling.take():
            pass
        filling.demand()
    assert refused.value.status == 503
    assert refused.value.wait

    reading = Reading()
    with ExitStack() as all_of_them:
        for at in range(8):
            all_of_them.enter_context(reading.take(Owner(at, "x"), "home"))
        with pytest.raises(Crowded), reading.take(Owner(9, "x"), "home"):
            pass
