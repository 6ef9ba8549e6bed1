"""Names on the command line mean what they say, and nothing near it."""

import pytest

from labyard.cli.exact import exactly
from labyard.core.errors import NotFound


def test_a_name_never_touches_one_it_is_a_part_of():
    assert exactly(["student1"], {"student1", "student10"}, "user") == ["student1"]
    with pytest.raises(NotFound):
        exactly(["student"], {"student1", "student10"}, "user")
    with pytest.raises(NotFound):
        exactly(["student1*"], {"student1", "student10"}, "user")
    with pytest.raises(NotFound):
        exactly(["Student1"], {"student1"}, "user")


def test_each_once_in_the_order_they_were_typed():
    assert exactly(["b", "a", "b"], {"a", "b", "c"}, "user") == ["b", "a"]


def test_an_unknown_one_stops_all_and_names_the_nearest():
    with pytest.raises(NotFound) as caught:
        exactly(["anna", "studnet1", "bob"], {"anna", "student1", "student10"}, "user")
    assert caught.value.message == (
        "There is no user named 'studnet1'. There is no user named 'bob'."
    )
    assert caught.value.remedy == "Did you mean student1?"


def test_without_a_neighbour_it_says_where_to_look():
    with pytest.raises(NotFound) as caught:
        exactly(["zzz"], {"anna"}, "server")
    assert caught.value.remedy == "`labyard servers list` shows all of them."
    with pytest.raises(NotFound) as caught:
        exactly(["zzz"], set(), "user")
    assert caught.value.remedy == "There are no users yet."
