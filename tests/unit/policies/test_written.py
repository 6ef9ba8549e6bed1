"""Policies that cannot be accepted are told of in sentences."""

from __future__ import annotations

from typing import Any

import pytest

from labyard.core.errors import Refused
from labyard.policies.written import _PLAIN, checked, document, told
from labyard.settings.groups import GroupPolicy
from labyard.settings.profiles import Profile

PROFILES = [Profile(name="small", title="Small")]


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([{"name": "a", "cpu": "many"}], "here: groups[0].cpu: \"many\" is not allowed"),
        ([{"name": "a", "cpus": 1}], "groups[0].cpus: there is no such setting; did you mean groups[0].cpu?"),
        ([{"cpu": 1}], "groups[0].name: is missing"),
        ([{"name": "a b", "cpu": 1}], "must be the name of a group"),
        ([{"name": "a"}, {"name": "a"}], "the name a is given 2 times"),
        ([{"name": "a", "profiles": ["big"]}], "a names the profile big; in labs.profiles are small"),
        ([{"name": "a", "images": []}], "groups[0].images"),
        ([{"name": "a", "environment": {"LD_PRELOAD": "x"}}], "'LD_PRELOAD'"),
        ([{"name": "a", "docker": "all"}], "one of none, socket"),
        ("students", "groups"),
        ([7], "groups[0]: 7 is not allowed; it must be a mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(groups: Any, told: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(groups, PROFILES, {("groups",): "here"})
    assert told in refused.value.message


def test_what_is_printed_can_be_read_again() -> None:
    groups = checked(
        [{"name": "a", "cpu": 2, "memory": "4G", "profiles": ["small"]}, {"name": "b"}],
        PROFILES,
        {},
    )
    assert checked(document(groups)["groups"], PROFILES, {}) == groups


def test_the_audit_shows_every_grant_but_the_values_of_the_environment() -> None:
    said = {
        "idle_timeout": "2h",
        "quota": "10G",
        "volumes": ["data:/mnt/data:ro"],
        "sudo": True,
        "environment": {"KEY": "hidden"},
    }
    shown = told(GroupPolicy.model_validate(said))
    assert (shown["volumes"], shown["sudo"]) == (["data:/mnt/data:ro"], True)
    assert "set" not in shown.values()
    assert shown["environment"] == ["KEY"]
    others = set(GroupPolicy.model_fields) - {"environment"}
    assert others == _PLAIN
