"""What a running lab has, against what its owner may have by now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given

from labyard.options.declaration import Options
from labyard.options.profiles import outcome
from labyard.policies.allowed import Allowed
from labyard.policies.effective import GRANTS
from labyard.policies.held import held, withdrawn
from tests.unit.policies.test_effective import GROUPS, having, site


def started(groups: dict[str, dict[str, Any]], **chosen: Any) -> Any:
    """Return what a lab has, as the hub's database kept it."""
    allowed: Allowed = having(**groups).allowed
    given = outcome(Options.model_validate(chosen), allowed.limits)
    return json.loads(json.dumps(held(given, allowed)))


def gone(had: Any, now: Allowed) -> Sequence[str]:
    return [grant.name for grant in withdrawn(had, now)]


@given(GROUPS)
def test_nothing_is_withdrawn_while_groups_say_the_same(groups: dict[str, dict[str, Any]]) -> None:
    assert gone(started(groups), having(**groups).allowed) == []


@pytest.mark.parametrize(
    ("policy", "chosen", "left"),
    [
        ({"docker": "socket"}, {}, ["docker"]),
        ({"environment": {"KEY": "1"}}, {}, ["environment"]),
        ({"cpu": 8}, {"cpu": 8}, ["cpu"]),
        ({"cpu": 8}, {"cpu": 4}, []),
        ({"memory": "64G", "shm": "8G"}, {"memory": "8G", "shm": "4G"}, ["memory", "shm"]),
        ({"gpus": 2}, {"gpus": 2}, ["gpus"]),
        ({"gpus": 2}, {"gpus": ["GPU-a"]}, []),
        ({"images": ["secret:1"]}, {}, ["images"]),
        ({"servers": 9}, {}, []),
        ({"volumes": ["data:/mnt/data"]}, {}, ["volumes"]),
        ({"volumes": ["data:/mnt/data"]}, {"mount": False}, []),
        ({"sudo": True}, {}, ["sudo"]),
    ],
)
def test_a_lab_that_has_more_than_is_left_is_told(
    policy: dict[str, Any], chosen: dict[str, Any], left: list[str]
) -> None:
    had = started({"a": {**policy, "profiles": ["small"]}}, **chosen)
    assert gone(had, having(a={"profiles": ["small"]}).allowed) == left


def test_what_everybody_may_have_and_less_than_before_is_told_too() -> None:
    had = started({}, profile="big")
    assert gone(had, site()) == []
    assert gone(had, having(a={"cpu": 1}).allowed) == ["cpu", "gpus", "profiles"]
    assert gone(started({}), having(a={"days": 7}).allowed) == ["days"]
    had = started({"a": {"volumes": ["data:/mnt/data"]}})
    assert gone(had, having(a={"volumes": ["data:/mnt/data:ro"]}).allowed) == ["volumes"]
    changed = having(a={"environment": {"KEY": "2"}}).allowed
    assert gone(started({"a": {"environment": {"KEY": "1"}}}), changed) == ["environment"]


def test_a_grant_younger_than_the_lab_is_not_withdrawn() -> None:
    assert gone({}, having(a={"cpu": 1}).allowed) == []


def test_every_grant_has_a_title() -> None:
    assert all(grant.title for grant in GRANTS)
