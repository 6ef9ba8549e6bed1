"""Whether the host can take a lab. Pure: compares a plan with what the engine's host has."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from labyard.core import causes
from labyard.core.errors import EngineError
from labyard.core.models import EngineInfo, ServerPlan
from labyard.core.units import show_bytes

_Number = TypeVar("_Number", int, float)


def fitted(plan: ServerPlan, host: EngineInfo, *, cpu: bool, memory: bool) -> ServerPlan:
    """Return ``plan`` with limits that ``host`` can give.

    ``cpu`` and ``memory`` say which limits somebody chose. The others, which are the settings', are cut
    to what there is; chosen ones are not, so that nobody gets less than was asked for.

    Raises
    ------
    EngineError
        When chosen limits are above the host.
    """
    if not host.isolated:
        return plan
    cores, size = (
        _least(plan.cpu, float(host.cores) if host.cores else None),
        _least(plan.memory, host.memory),
    )
    if cpu and plan.cpu is not None and plan.cpu != cores:
        raise _above(f"{plan.cpu:g} cores were asked for, the host has {cores:g}.", "cpu")
    if memory and plan.memory is not None and plan.memory != size:
        raise _above(
            f"{show_bytes(plan.memory)} of memory were asked for, "
            f"the host has {show_bytes(size or 0)}.",
            "memory",
        )
    return replace(plan, cpu=cores, memory=size)


def check_memory(host: EngineInfo, reserve: int) -> None:
    """Do nothing if the host has ``reserve`` bytes of memory available, or nobody knows.

    Raises
    ------
    EngineError
        When it has less.
    """
    available = host.available
    if available is not None and available < reserve:
        raise EngineError(
            f"It has {show_bytes(available)} left; a start needs {show_bytes(reserve)}.",
            cause=causes.HOST_MEMORY,
        )


def _least(limit: _Number | None, there: _Number | None) -> _Number | None:
    return limit if limit is None or there is None else min(limit, there)


def _above(why: str, field: str) -> EngineError:
    return EngineError(why, cause=replace(causes.LIMIT_ABOVE_HOST, field=field))
