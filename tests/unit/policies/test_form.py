"""A policy as a form: every grant has its field, and nothing that was typed is lost."""

from __future__ import annotations

from typing import Any

import pytest

from labyard.policies.form import Control, as_typed, fields, read, wrong
from labyard.policies.written import plain
from labyard.settings.groups import GroupPolicy, GroupSettings
from labyard.settings.profiles import Profile

WHOLE = {
    "cpu": 1.5,
    "memory": "1536M",
    "gpus": 0,
    "servers": 3,
    "images": ["lab:1", "lab:2"],
    "profiles": ["small"],
    "environment": {"HF_HOME": "/mnt/a=b"},
    "docker": "none",
}
PROFILES = [Profile(name="small", title="Small")]


def test_every_grant_has_a_field_with_help() -> None:
    drawn = fields({})
    assert [field.name for field in drawn] == list(GroupPolicy.model_fields)
    assert all(field.help and field.label for field in drawn)
    assert all(field.allowed or field.choices for field in drawn), "what may be typed is said"


def test_what_a_policy_says_is_typed_and_read_back_as_it_was() -> None:
    group = GroupSettings.model_validate({"name": "g", **WHOLE})
    typed = as_typed(plain(group))
    assert typed["memory"] == "1536M"
    assert typed["images"] == "lab:1\nlab:2"
    assert typed["environment"] == "HF_HOME=/mnt/a=b"
    assert "shm" not in typed, "a silent grant is an empty field"
    again = read({**typed, "shm": "  "})
    assert not wrong("g", again, PROFILES)
    assert GroupSettings.model_validate({"name": "g", **again}) == group


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("cpu", "lots", "0.01"),
        ("cpu", "1,5", "1.5"),
        ("memory", "2", "2G"),
        ("gpus", "-1", "from 0"),
        ("images", "lab:1\na b", "name of an image"),
        ("environment", "A", "NAME=VALUE"),
        ("docker", "rw", "one of none, socket"),
        ("profiles", "nope", "labs.profiles are small"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(field: str, text: str, said: str) -> None:
    found: Any = wrong("g", read({"days": "7", field: text}), PROFILES)
    assert list(found) == ["" if field == "profiles" else field]
    (sentence,) = found.values()
    assert said in sentence
    assert "null" not in sentence
    assert "groups[0]" not in sentence


def test_what_a_field_is_filled_in_with_follows_from_its_kind() -> None:
    controls = {field.name: field.control for field in fields({})}
    assert controls["memory"] is Control.TEXT
    assert controls["images"] is Control.LINES
    assert controls["environment"] is Control.PAIRS
    assert controls["docker"] is Control.CHOICE
