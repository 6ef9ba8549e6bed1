"""Profiles lock, default and offer; nobody gets around them."""

import pytest

from labyard.options.declaration import FIELDS, Options
from labyard.options.limits import Limits
from labyard.options.parse import parse
from labyard.options.profiles import fixed, outcome
from labyard.options.refused import OptionsRefused
from labyard.settings.profiles import Preset


def test_a_preset_has_the_fields_of_a_server_and_reads_them_alike() -> None:
    assert set(Preset.model_fields) == set(FIELDS) - {"profile"}
    text = {"cpu": "0.5", "memory": "2G", "shm": "64M", "gpus": "1", "days": "3", "mount": "no"}
    preset = Preset.model_validate(text).model_dump(exclude_none=True)
    assert preset == Options.model_validate(text).model_dump(exclude_none=True)


def test_without_a_choice_the_first_profile_counts(limits: Limits) -> None:
    assert outcome(Options(), limits).profile == "usual"
    course_first = limits.model_copy(update={"profiles": limits.profiles[1:]})
    with pytest.raises(OptionsRefused, match="'Course' sets it to 1"):
        parse({"cpu": 2}, course_first)


def test_an_unknown_profile_is_refused_never_replaced(limits: Limits) -> None:
    with pytest.raises(OptionsRefused, match="Choose one of: usual, course, exam, big") as refused:
        parse({"profile": "smal"}, limits)
    assert set(refused.value.fields) == {"profile"}


@pytest.mark.parametrize(
    ("field", "value", "free"),
    [
        ("cpu", 0.5, False),  # locked
        ("memory", "512M", True),  # a default may be changed
        ("days", 3, True),  # offered
        ("shm", "64M", False),  # neither
        ("environment", {"A": "1"}, False),
    ],
)
def test_each_field_is_locked_preset_or_offered(
    field: str, value: object, free: bool, limits: Limits
) -> None:
    assert fixed(limits.profile("course"), field) is not free
    wish = {"profile": "course", field: value}
    if free:
        assert getattr(parse(wish, limits), field) is not None
    else:
        with pytest.raises(OptionsRefused, match="'Course' sets it") as refused:
            parse(wish, limits)
        assert set(refused.value.fields) == {field}


def test_a_lock_holds_where_everything_else_is_offered(limits: Limits) -> None:
    with pytest.raises(OptionsRefused, match="'Exam' sets it to 1"):
        parse({"profile": "exam", "cpu": 2}, limits)
    assert parse({"profile": "exam", "memory": "1G"}, limits).memory == 2**30


def test_locked_then_chosen_then_default_then_usual(limits: Limits) -> None:
    given = outcome(parse({"profile": "course", "days": 2}, limits), limits)
    assert (given.cpu, given.memory, given.days, given.image) == (1, 2**30, 2, "lab:1")
    assert given.environment == {"COURSE": "1", "MODE": "exam"}
    assert outcome(parse({"profile": "big", "memory": "8G"}, limits), limits).memory == 8 * 2**30


def test_variables_add_up_and_chosen_ones_win_over_defaults(limits: Limits) -> None:
    given = outcome(parse({"profile": "big", "environment": "A=1\nB=2"}, limits), limits)
    assert given.environment == {"A": "1", "B": "2"}


def test_a_profiles_own_values_may_pass_the_sites_limits_but_not_the_machines(
    limits: Limits,
) -> None:
    assert parse({"profile": "big", "cpu": 8}, limits).cpu == 8
    assert parse({"profile": "big", "gpus": 3}, limits).gpus == 3
    with pytest.raises(OptionsRefused, match="more than the 2 cores you may use"):
        parse({"profile": "usual", "cpu": 8}, limits)
    with pytest.raises(OptionsRefused, match="more than the 8 cores you may use"):
        parse({"profile": "big", "cpu": 9}, limits)
    small = limits.model_copy(update={"host_cpu": 4})
    with pytest.raises(OptionsRefused, match="more than the 4 cores of this machine"):
        parse({"profile": "big", "cpu": 8}, small)


def test_limits_travel_as_json(limits: Limits) -> None:
    assert Limits.model_validate_json(limits.model_dump_json()) == limits


def test_a_site_may_give_less_than_people_may_choose(limits: Limits) -> None:
    tiny = limits.model_copy(update={"usual": Options.model_construct(memory=2**20)})
    assert Limits.model_validate_json(tiny.model_dump_json()).usual.memory == 2**20
