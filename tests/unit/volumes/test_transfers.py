"""Who may read a volume now."""

from __future__ import annotations

import pytest

from labyard.core.errors import Busy
from labyard.core.models import Owner
from labyard.volumes.transfers import Reading

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
