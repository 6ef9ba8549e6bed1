"""What several groups grant together."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labyard.core.errors import Refused
from labyard.options.declaration import Options
from labyard.options.offer import usual_offer
from labyard.options.profiles import outcome
from labyard.policies.allowed import Allowed, everybody
from labyard.policies.effective import GRANTS, effective, share
from labyard.settings.groups import GroupPolicy
from labyard.settings.schema import Settings

GB = 2**30
SITE = {
    "labs": {
        "image": "lab:1",
        "images": ["lab:2"],
        "max_cpu": 4,
        "gpus": 1,
        "profiles": [
            {"name": "small", "title": "Small"},
            {"name": "big", "title": "Big", "default": {"cpu": 16, "gpus": "all"}},
            {"name": "course", "title": "Course", "lock": {"image": "course:1"}},
        ],
    },
    "gpu": {"devices": ["GPU-a", "GPU-b", "GPU-c"]},
}


def site(**labs: Any) -> Allowed:
    settings = Settings.model_validate({**SITE, "labs": {**SITE["labs"], **labs}})
    return everybody(usual_offer(settings), settings)


def having(everybody: Allowed | None = None, **groups: dict[str, Any]) -> Any:
    policies = {name: GroupPolicy.model_validate(policy) for name, policy in groups.items()}
    return effective(policies, everybody or site())


def why(groups: dict[str, dict[str, Any]], grant: str) -> tuple[str, tuple[str, ...]]:
    (verdict,) = [v for v in having(**groups).verdicts if v.grant == grant]
    return verdict.words, verdict.groups


def test_every_field_of_a_policy_has_its_grant() -> None:
    assert [grant.name for grant in GRANTS] == list(GroupPolicy.model_fields)


def test_without_groups_everybodys_share_holds() -> None:
    assert having().allowed == site()
    assert having(silent={}).allowed == site()


@pytest.mark.parametrize(
    ("policies", "grant", "words", "winners"),
    [
        ({"a": {"cpu": 2}, "b": {"cpu": 8}}, "cpu", "8 cores", ("b",)),
        ({"a": {"cpu": 1}}, "cpu", "1 core", ("a",)),
        ({"a": {"cpu": 3}, "b": {"cpu": 3}}, "cpu", "3 cores", ("a", "b")),
        ({"a": {"memory": "1G"}, "b": {}}, "cpu", "4 cores", ()),
        ({"a": {"memory": "1G"}, "b": {"memory": "512M"}}, "memory", "1 GB", ("a",)),
        ({"a": {"shm": "512M"}}, "shm", "512 MB", ("a",)),
        ({"a": {"days": 1}, "b": {"days": 7}}, "days", "7 days", ("b",)),
        ({}, "days", "no limit", ()),
        ({"a": {"gpus": 0}}, "gpus", "0", ("a",)),
        ({"a": {"servers": 0}, "b": {"servers": 5}}, "servers", "5", ("b",)),
        ({"a": {"images": ["x:1"]}, "b": {"images": ["y:1", "x:1"]}}, "images", "x:1, y:1", ("a", "b")),
        ({"a": {"profiles": ["big"]}}, "profiles", "big", ("a",)),
        ({"a": {"docker": "none"}, "b": {"docker": "socket"}}, "docker", "socket", ("b",)),
        (
            {"a": {"volumes": ["x:/mnt/x:ro"]}, "b": {"volumes": ["x:/mnt/x", "y:/mnt/y"]}},
            "volumes",
            "x:/mnt/x, y:/mnt/y",
            ("b",),
        ),
        (
            {"a": {"volumes": ["x:/mnt/x:ro"]}, "b": {"volumes": ["y:/mnt/x"]}},
            "volumes",
            "x:/mnt/x:ro",
            ("a",),
        ),
        ({"a": {"docker": "none"}}, "docker", "none", ("a",)),
        ({"a": {"sudo": False}, "b": {"sudo": True}}, "sudo", "yes", ("b",)),
        ({"a": {"idle_timeout": "1h"}, "b": {"idle_timeout": "8h"}}, "idle_timeout", "8h", ("b",)),
        ({}, "idle_timeout", "no limit", ()),
        ({"a": {"quota": "10G"}, "b": {"quota": "2G"}}, "quota", "10 GB", ("a",)),
        ({"a": {"environment": {"X": "1"}}, "b": {"environment": {"X": "2"}}}, "environment", "X", ("a",)),
        (
            {"a": {"environment": {"X": "1"}}, "b": {"environment": {"X": "2", "Y": "2"}}},
            "environment",
            "X, Y",
            ("a", "b"),
        ),
    ],
)  # fmt: skip
def test_the_more_generous_word_counts_and_is_named(
    policies: dict[str, dict[str, Any]], grant: str, words: str, winners: tuple[str, ...]
) -> None:
    assert why(policies, grant) == (words, winners)


def test_what_the_engine_cannot_give_is_not_granted_and_says_why() -> None:
    policies = {"a": GroupPolicy.model_validate({"docker": "socket"})}
    told = effective(policies, site(), withheld={"docker": "no socket.", "sudo": "no."})
    words = {verdict.grant: (verdict.words, verdict.groups) for verdict in told.verdicts}
    assert (told.allowed.engine, words["docker"]) == (False, ("none: no socket.", ()))
    assert words["sudo"] == ("no", ()), "nobody granted it"


def test_a_ceiling_holds_without_a_choice_too() -> None:
    limits = having(tight={"cpu": 1, "memory": "1G", "shm": "128M"}).allowed.limits
    got = outcome(Options(), limits)
    assert (got.cpu, got.memory, got.shm) == (1, GB, 128 * 2**20)
    unlimited = having(site(cpu=None, memory=None), some={"cpu": 8, "memory": "8G", "days": 2})
    got = outcome(Options(), unlimited.allowed.limits)
    assert (got.cpu, got.memory, got.days) == (8, 8 * GB, 2)


def test_a_list_of_images_is_all_there_is() -> None:
    limits = having(site(custom_images=True), course={"images": ["course:1"]}).allowed.limits
    assert limits.images == ("course:1",)
    assert not limits.custom_images
    assert outcome(Options(), limits).image == "course:1"
    limits = having(course={"images": ["course:1", "lab:1"]}).allowed.limits
    assert outcome(Options(), limits).image == "lab:1", "the usual one, where it is in the list"


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ({"cpu": 8}, ["small", "course"]),
        ({"cpu": 16, "gpus": 2}, ["small", "course"]),
        ({"memory": "1G"}, ["small", "big", "course"]),
        ({"images": ["lab:1"]}, ["small", "big"]),
        ({"cpu": 1, "profiles": ["big"]}, ["big"]),
        ({"profiles": ["gone", "course", "small"]}, ["small", "course"]),
    ],
)
def test_beyond_a_groups_ceiling_go_only_profiles_that_a_group_names(
    policy: dict[str, Any], left: list[str]
) -> None:
    assert [p.name for p in having(a=policy).allowed.limits.profiles] == left


def test_whoever_is_held_to_profiles_that_are_gone_is_not_let_go() -> None:
    with pytest.raises(Refused, match="gone"):
        having(a={"profiles": ["gone"]})
    policies = {"a": GroupPolicy.model_validate({"profiles": ["gone"]})}
    assert share(policies, site()) == site(), "pages still show something"


def test_nothing_is_given_that_the_engine_cannot_do() -> None:
    lacks = {"cpu": "no.", "image": "no."}
    limits = site().limits.model_copy(update={"lacks": lacks}).giving(cpu=None, image=None)
    told = having(replace(site(), limits=limits), a={"cpu": 1, "images": ["x:1"], "shm": "64M"})
    usual = told.allowed.limits.usual
    assert (usual.cpu, usual.image, usual.shm) == (None, None, 64 * 2**20)


POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "cpu": st.sampled_from([0.5, 1, 2, 8, 64]),
        "memory": st.sampled_from(["256M", "4G", "64G"]),
        "shm": st.sampled_from(["64M", "4G"]),
        "gpus": st.integers(0, 3),
        "days": st.integers(1, 30),
        "idle_timeout": st.sampled_from(["1h", "8h"]),
        "quota": st.sampled_from(["1G", "8G"]),
        "servers": st.integers(0, 5),
        "images": st.lists(st.sampled_from(["lab:1", "x:1", "y:1"]), min_size=1),
        "profiles": st.lists(st.sampled_from(["small", "big", "course"]), min_size=1),
        "environment": st.dictionaries(st.sampled_from(["X", "Y"]), st.just("1")),
        "volumes": st.lists(
            st.sampled_from(["a:/mnt/a:ro", "a:/mnt/a", "b:/mnt/a", "b:/mnt/b"]), min_size=1
        ),
        "docker": st.sampled_from(["none", "socket"]),
        "sudo": st.booleans(),
    },
)
GROUPS = st.dictionaries(st.sampled_from("abcd"), POLICIES, max_size=4)


@given(GROUPS)
def test_no_grant_depends_on_the_order_of_the_groups(groups: dict[str, dict[str, Any]]) -> None:
    orders = list(itertools.islice(itertools.permutations(groups), 4))
    outcomes = [having(**{name: groups[name] for name in order}) for order in orders]
    assert all(each == outcomes[0] for each in outcomes)


@given(GROUPS)
def test_whoever_is_named_has_said_it_and_nobody_else_said_more(
    groups: dict[str, dict[str, Any]],
) -> None:
    got = having(**groups)
    for grant, verdict in zip(GRANTS, got.verdicts, strict=True):
        speaking = {name for name, policy in groups.items() if grant.name in policy}
        assert set(verdict.groups) <= speaking
        if grant.name not in {"environment", "profiles"}:
            assert bool(verdict.groups) == bool(speaking)
        for silent in set(groups) - speaking:
            without = {name: policy for name, policy in groups.items() if name != silent}
            assert grant.of(having(**without).allowed) == grant.of(got.allowed) or (
                grant.name == "profiles"
            )


@given(GROUPS, st.sampled_from([None, "small", "big", "course"]))
def test_nothing_of_a_start_passes_what_is_allowed(
    groups: dict[str, dict[str, Any]], profile: str | None
) -> None:
    limits = having(**groups).allowed.limits
    if limits.profile(profile) is None:
        return
    under = limits.under(limits.profile(profile))
    got = outcome(Options(profile=profile), limits)
    words = [GroupPolicy.model_validate(policy) for policy in groups.values()]
    # Beyond what groups say go only profiles that one of them names; beyond the site's word, any.
    named = any(word.profiles for word in words)
    for field in ("cpu", "memory", "shm"):
        said = [most for word in words if (most := getattr(word, field)) is not None]
        most = getattr(under, field) if named or not said else max(said)
        assert getattr(got, field) <= most
    said = [image for word in words for image in word.images or ()]
    assert got.image in (under.images if named or not said else said)
