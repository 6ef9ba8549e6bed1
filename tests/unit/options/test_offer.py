"""What may be chosen, out of settings."""

from __future__ import annotations

from typing import Any

import pytest

from labyard.options.offer import usual_offer
from labyard.settings.schema import Settings


@pytest.mark.parametrize(
    ("labs", "given", "most"),
    [
        ({}, (2.0, 4 * 2**30), (2.0, 4 * 2**30)),
        ({"max_cpu": 8, "max_memory": "64G"}, (2.0, 4 * 2**30), (8.0, 64 * 2**30)),
        ({"max_cpu": 1, "max_memory": "1G"}, (2.0, 4 * 2**30), (2.0, 4 * 2**30)),
        ({"cpu": None, "memory": None, "max_cpu": 8}, (None, None), (None, None)),
    ],
)
def test_a_person_may_choose_more_than_is_given_where_the_site_says_so(
    labs: dict[str, Any], given: tuple[Any, Any], most: tuple[Any, Any]
) -> None:
    limits = usual_offer(Settings.model_validate({"labs": labs}))
    assert (limits.usual.cpu, limits.usual.memory) == given
    assert (limits.cpu, limits.memory) == most
