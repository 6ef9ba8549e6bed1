"""One action of a person at a time."""

import pytest

from labyard.core.errors import Busy
from labyard.web.turns import Turns


def test_a_second_action_is_told_what_is_under_way() -> None:
    turns = Turns()
    with (
        turns.take(7, "starting the server"),
        pytest.raises(Busy, match="starting the server"),
        turns.take(7, "resetting volumes"),
    ):
        pass


def test_others_are_not_held_up() -> None:
    turns = Turns()
    with turns.take(7, "starting"), turns.take(8, "starting"):
        pass


def test_a_turn_ends_with_its_action_however_that_ends() -> None:
    turns = Turns()
    with pytest.raises(RuntimeError), turns.take(7, "starting"):
        raise RuntimeError
    with turns.take(7, "stopping"):
        pass
