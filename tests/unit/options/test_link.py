"""A link carries the choices there and back."""

from urllib.parse import parse_qs

import pytest

from labyard.options.declaration import Options
from labyard.options.limits import Limits
from labyard.options.link import link, suggested
from labyard.options.parse import parse


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"profile": "big", "cpu": 0.123, "memory": "1.5G", "shm": 123456789, "days": 3},
        {"gpus": "all", "profile": "big"},
        {"gpus": ["GPU-a", "GPU-c"], "mount": False},
        {"environment": {"A": "x=y & z", "B": ""}},
    ],
)
def test_what_a_link_carries_is_what_was_chosen(raw: dict[str, object], limits: Limits) -> None:
    chosen = parse(raw, limits)
    query = {key: [v.encode() for v in vs] for key, vs in parse_qs(link(chosen)).items()}
    assert parse(suggested(query), limits) == chosen


def test_it_has_only_what_was_chosen() -> None:
    assert link(Options(cpu=1)) == "opt-cpu=1"
    assert link(Options(), server="mine") == "server=mine"


def test_other_names_in_a_query_are_no_suggestions() -> None:
    assert suggested({"cpu": ["1"], "opt-root": ["1"], "opt-cpu": [b"\xff"]}) == {"cpu": "\ufffd"}
