"""What a person may choose, and what is refused by name."""

import pytest

from labyard.core.errors import Refused
from labyard.options.declaration import Options
from labyard.options.form import form
from labyard.options.limits import Limits
from labyard.options.parse import parse

NO_SUCH = "there is no such option; there are image, cpu, memory, shm, days, mount, environment."
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
        ({"image": "evil:1"}, "Image: 'evil:1' is not offered here. Choose one of: lab:1, lab:2."),
        ({"cpu": 3}, "CPU cores (cpu): 3 is more than the 2 cores you may use. Choose less."),
        ({"cpu": -1}, "CPU cores (cpu): -1 must be greater than or equal to 0.01."),
        # An engine rounds it to nothing, which is no limit at all.
        ({"cpu": 1e-9}, "CPU cores (cpu): 1e-09 must be greater than or equal to 0.01."),
        ({"cpu": "nan"}, "CPU cores (cpu): 'nan' must be a finite number."),
        ({"cpu": True}, "CPU cores (cpu): True must be a valid number."),
        ({"memory": "8G"}, "Memory: 8 GB is more than the 4 GB you may use. Choose less."),
        (
            {"memory": "lots"},
            "Memory: 'lots' must be a size such as 512M, 4G or a number of bytes.",
        ),
        ({"memory": 0}, "Memory: 0 must be greater than 0."),
        ({"memory": "6M"}, "Memory: '6M' must be at least 128 MB."),
        (
            {"_junk": "x" * 100},
            "_junk: " + NO_SUCH,
        ),
        ({"\ud800": 1}, "'\\ud800': " + NO_SUCH),
        (
            {"x" * 100_000: 1},
            f"'{'x' * 56}...: " + NO_SUCH,
        ),
        ({"image": ["a", "b"]}, "Image: ['a', 'b'] must be a valid string."),
        (
            {"privileged": True},
            "privileged: " + NO_SUCH,
        ),
        (
            {"volumes": {"/": "/host"}},
            "volumes: " + NO_SUCH,
        ),
        (
            {"environment": {"LD_PRELOAD": "x"}},
            "Environment: it must leave 'LD_PRELOAD' alone: the lab itself depends on it.",
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
    assert {"(cpu):", "Memory:", "root:"} <= set(str(refused.value).split())


def test_a_long_value_is_not_repeated_whole() -> None:
    with pytest.raises(Refused) as refused:
        parse({"image": "x" * 10_000}, LIMITS)
    assert len(str(refused.value)) < 300


def test_suggested_choices_are_inert_in_the_form() -> None:
    html = form(LIMITS, {"cpu": '"><script>alert(1)</script>', "image": "<b>"})
    assert "<script>" not in html
    assert "<b>" not in html


def test_one_image_is_no_choice() -> None:
    assert 'name="image"' not in form(Limits(images=("lab:1",)), {})
    assert "selected>lab:2" in form(LIMITS, {"image": "lab:2"})
