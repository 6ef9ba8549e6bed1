"""What a lab uses, from an engine's samples: cgroup v1 and v2, Docker and Podman. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labyard.core.models import Usage
from labyard.engines.docker.read import moment

Sample = Mapping[str, Any]

# Pages of files that nobody waits for: the kernel takes them back whenever it likes.
_RECLAIMABLE = ("total_inactive_file", "inactive_file")  # v1, v2


def memory(sample: Sample) -> int:
    """Return the bytes of memory that count against the limit, reclaimable cache left out."""
    stats = sample.get("memory_stats") or {}
    details = stats.get("stats") or {}
    used = int(stats.get("usage") or 0)
    cache = next((int(details[key]) for key in _RECLAIMABLE if key in details), 0)
    return max(0, used - cache)


def alive(sample: Sample) -> bool:
    """Return whether the sample is of a running lab: of others engines send an empty one, or none."""
    return moment(sample.get("read")) is not None and bool(sample.get("cpu_stats"))


def cores(earlier: Sample, later: Sample) -> float:
    """Return how many cores were busy between two samples on average."""
    start, end = moment(earlier.get("read")), moment(later.get("read"))
    if start is None or end is None or end <= start:
        return 0.0
    spent = _nanoseconds(later) - _nanoseconds(earlier)
    return max(0.0, spent / 1e9 / (end - start).total_seconds())


def usage(earlier: Sample, later: Sample) -> Usage:
    """Return what is used now, from two samples of one lab."""
    return Usage(cpu=cores(earlier, later), memory=memory(later))


def _nanoseconds(sample: Sample) -> int:
    return int(((sample.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage") or 0)
