"""More memory by one step, no further than it may be had."""

from __future__ import annotations

import pytest

from labyard.options.declaration import Options
from labyard.options.limits import Limits
from labyard.options.more import more_memory
from labyard.settings.profiles import Preset, Profile

MB, GB = 2**20, 2**30


@pytest.mark.parametrize(
    ("now", "most", "host", "step"),
    [
        (512 * MB, 8 * GB, None, GB),
        (3 * GB, 8 * GB, 64 * GB, 6 * GB),
        (3 * GB, 4 * GB, 64 * GB, 4 * GB),
        (3 * GB, None, 5 * GB + 7, 5 * GB),
        (256 * MB, None, 400 * MB, 400 * MB),
        (4 * GB, 4 * GB, 64 * GB, None),
        (4 * GB, 8 * GB, 4 * GB + 7, None),
    ],
)
def test_it_is_twice_as_much_within_policy_and_machine(
    limits: Limits, now: int, most: int | None, host: int | None, step: int | None
) -> None:
    found = limits.model_copy(update={"memory": most, "host_memory": host})
    assert more_memory(Options(memory=now), found) == step


def test_without_a_choice_it_starts_from_what_is_usual(limits: Limits) -> None:
    wider = limits.model_copy(update={"memory": 16 * GB})
    assert more_memory(Options(), wider) == 8 * GB
    assert more_memory(Options(), limits) is None


def test_what_nobody_can_choose_is_not_offered(limits: Limits) -> None:
    wider = limits.model_copy(update={"memory": 16 * GB})
    small = Profile(name="small", title="Small", lock=Preset(memory=GB))
    locked = wider.model_copy(update={"profiles": (small,)})
    assert more_memory(Options(profile="small"), locked) is None
    lacking = wider.model_copy(update={"lacks": {"memory": "A process has no limits."}})
    assert more_memory(Options(memory=GB), lacking) is None
    unlimited = limits.model_copy(update={"usual": Options(), "memory": None})
    assert more_memory(Options(), unlimited) is None
