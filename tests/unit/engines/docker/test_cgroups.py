"""One sample each in the words of Docker on cgroup v1, Docker on v2, and Podman 4.3 on v1."""

import json
from pathlib import Path
from typing import Any

import pytest

from labyard.engines.docker.cgroups import alive, cores, memory, usage

SAMPLES = Path(__file__).parents[3] / "fixtures" / "cgroups"


def sample(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return loaded


def before(later: dict[str, Any]) -> dict[str, Any]:
    """Return the earlier sample that Docker puts into one that nobody streams."""
    return {"read": later["preread"], "cpu_stats": later["precpu_stats"]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("docker-v1", 11030528 - 282624),
        ("docker-v2", 61587456 - 4096000),
        ("podman-v1", 30289920),  # Podman tells no details: cache counts
    ],
)
def test_memory_leaves_out_cache_that_can_be_dropped(name: str, expected: int) -> None:
    assert memory(sample(name)) == expected


@pytest.mark.parametrize(("name", "expected"), [("docker-v1", 0.5), ("docker-v2", 1.25)])
def test_cores_come_from_two_samples(name: str, expected: float) -> None:
    later = sample(name)
    earlier = before(later)
    assert usage(earlier, later).cpu == pytest.approx(expected, abs=0.01)


def test_podman_sends_one_sample_and_two_calls_make_a_rate() -> None:
    first = sample("podman-v1")
    assert alive(first)
    second = json.loads(json.dumps(first))
    second["read"] = "2026-11-21T04:33:01.201633882Z"
    second["cpu_stats"]["cpu_usage"]["total_usage"] += 250_000_000
    assert cores(first, second) == pytest.approx(0.5, abs=0.01)


def test_a_lab_that_ended_in_between_uses_nothing() -> None:
    empty = {"read": "0001-01-01T00:00:00Z", "cpu_stats": {}, "memory_stats": {}}
    assert usage(empty, empty).cpu == 0
    assert usage(empty, empty).memory == 0
    assert usage({}, {}).memory == 0
    assert not alive(empty)
    assert not alive({})


def test_a_counter_that_began_anew_gives_no_negative_rate() -> None:
    later = sample("docker-v1")
    earlier = before(later)
    later["cpu_stats"]["cpu_usage"]["total_usage"] = 0
    assert cores(earlier, later) == 0
