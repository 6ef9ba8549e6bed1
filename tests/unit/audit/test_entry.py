"""Entries as they are kept and shown."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from labyard.audit import actions
from labyard.audit.actions import ACTIONS
from labyard.audit.details import MOST, kept
from labyard.audit.entry import NOBODY, Entry, of_row, row, user


def test_every_action_has_a_name_of_its_own_and_a_sentence() -> None:
    for name, action in ACTIONS.items():
        assert re.fullmatch(r"[a-z]+([.-][a-z]+)*", name)
        assert len(name) <= 32
        assert action.sentence[0].isupper()
        assert action.sentence.endswith(".")
        assert not action.fields & {"password", "secret", "code_value", "token", "key"}


@pytest.mark.parametrize("name", ["", "a" * 300, "\0", "\ud800", "<script>", "a\nb", "\u202e"])
def test_hostile_names_are_kept_and_said_in_one_line(name: str) -> None:
    entry = Entry(actions.SIGN_IN, NOBODY, user(name), details={"reason": name})
    kept = of_row({"id": 7, **row(entry)})
    assert "\n" not in kept.line()
    assert kept.line().isascii()
    assert json.loads(kept.line())["target"] == kept.target.name
    assert len(kept.target.name) <= 255
    kept.target.name.encode()
    assert "\0" not in kept.target.name
    if name.isascii() and "\0" not in name and len(name) < 255:
        assert kept.target.name == name


def test_an_entry_of_an_action_that_is_no_more_is_still_read() -> None:
    kept = row(Entry(actions.SIGN_IN, NOBODY, user("anna")))
    found = of_row({"id": 1, **kept, "action": "from.elsewhere", "details": '{"odd": 1}'})
    assert (found.action.name, found.details) == ("from.elsewhere", {"odd": 1})


@pytest.mark.parametrize(
    "value",
    [
        "\N{GRINNING FACE}" * 5000,
        ["user" * 60] * 40_000,
        {f"name{n}": "x" * 3000 for n in range(40_000)},
        {"a": {f"b{n}": ["c" * 300] * 300 for n in range(300)}},
    ],
    ids=["text", "list", "mapping", "nested"],
)
def test_an_entry_is_kept_small_whatever_somebody_sends(value: Any) -> None:
    told = kept({"users": value, "reason": "refused"})
    assert len(json.dumps(told)) <= MOST
    assert told["reason"] == "refused"
    assert "\N{HORIZONTAL ELLIPSIS}" in str(told["users"])


def test_what_is_left_out_of_a_list_is_counted() -> None:
    told = kept({"users": [f"user{n}" for n in range(60)]})["users"]
    assert told == [*(f"user{n}" for n in range(50)), "\N{HORIZONTAL ELLIPSIS} 10 more"]
    assert kept({"users": told[:50]}) == {"users": told[:50]}
