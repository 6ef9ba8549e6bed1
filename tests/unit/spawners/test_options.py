"""What a person may choose, and what is refused by name."""

import pytest

from labyard.core.errors import Refused
from labyard.spawners.options import Limits, Options, form, parse

LIMITS = Limits(images=("lab:1", "lab:2"), cpu=2.0, memory=4 * 2**30)


def test_rest_and_form_give_the_same_options() -> None:
    chosen = Options(image="lab:2", cpu=0.5, memory=2**31)
    assert parse({"image": "lab:2", "cpu": 0.5, "memory": 2**31}, LIMITS) == chosen
    assert parse({"image": ["lab:2"], "cpu": [" 0.5 "], "memory": ["2G"]}, LIMITS) == chosen


def test_what_is_left_empty_is_not_chosen() -> None:
    assert parse({"image": [""], "cpu": ["  "], "memory": None}, LIMITS) == Options()


def test_the_forms_own_fields_are_no_options() -> None:
    assert parse({"_xsrf": ["x"]}, LIMITS) == Options()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"image": "evil:1"}, "image: 'evil:1' is not offered here. Choose one of: lab:1, lab:2."),
        ({"cpu": 3}, "cpu: 3 is more than the 2 cores you may use."),
        ({"cpu": -1}, "cpu: -1 should be greater than or equal to 0.01."),
        # An engine rounds it to nothing, which is no limit at all.
        ({"cpu": 1e-9}, "cpu: 1e-09 should be greater than or equal to 0.01."),
        ({"cpu": "nan"}, "cpu: 'nan' must be a finite number."),
        ({"cpu": True}, "cpu: True should be a valid number."),
        ({"memory": "8G"}, "memory: 8 GB is more than the 4 GB you may use."),
        (
            {"memory": "lots"},
            "memory: 'lots' must be a size such as 512M, 4G or a number of bytes.",
        ),
        ({"memory": 0}, "memory: 0 should be greater than 0."),
        ({"memory": "6M"}, "memory: '6M' should be at least 128 MB."),
        (
            {"_junk": "x" * 100},
            "_junk: there is no such option; there are image, cpu, memory.",
        ),
        ({"\ud800": 1}, "There is no such option; there are image, cpu, memory."),
        (
            {"x" * 100_000: 1},
            f"'{'x' * 56}...: there is no such option; there are image, cpu, memory.",
        ),
        ({"image": ["a", "b"]}, "image: ['a', 'b'] should be a valid string."),
        (
            {"privileged": True},
            "privileged: there is no such option; there are image, cpu, memory.",
        ),
        (
            {"volumes": {"/": "/host"}},
            "volumes: there is no such option; there are image, cpu, memory.",
        ),
        (
            {"environment": {"LD_PRELOAD": "x"}},
            "environment: there is no such option; there are image, cpu, memory.",
        ),
    ],
)
def test_each_bad_value_is_refused_by_name(raw: dict[str, object], said: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(raw, LIMITS)
    assert str(refused.value) == said


def test_all_bad_values_are_told_together() -> None:
    with pytest.raises(Refused) as refused:
        parse({"cpu": -1, "memory": "x", "root": 1}, LIMITS)
    assert {"cpu:", "memory:", "root:"} <= set(str(refused.value).split())


def test_a_long_value_is_not_repeated_whole() -> None:
    with pytest.raises(Refused) as refused:
        parse({"image": "x" * 10_000}, LIMITS)
    assert len(str(refused.value)) < 300


def test_suggested_choices_are_inert_in_the_form() -> None:
    html = form(LIMITS, {"cpu": '"><script>alert(1)</script>', "image": "<b>"})
    assert "<script>" not in html
    assert "<b>" not in html


def test_one_image_is_no_choice() -> None:
    assert 'name="image"' not in form(Limits(("lab:1",), None, None), {})
    assert "selected>lab:2" in form(LIMITS, {"image": "lab:2"})
