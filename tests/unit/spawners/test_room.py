"""A host's room for a lab."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labyard.core.errors import EngineError
from labyard.core.models import EngineInfo, Owner, ServerPlan, ServerRef
from labyard.spawners.room import check_memory, fitted

GB = 2**30
HOST = EngineInfo("docker", "1", isolated=True, cores=2, memory=8 * GB, available=GB)
PLAN = ServerPlan(
    ref=ServerRef(Owner(1, "anna")),
    name="lab",
    hostname="lab",
    image="i",
    command=(),
    port=8888,
    user="1000",
    working_dir="/",
    cpu=4.0,
    memory=16 * GB,
)


def test_the_settings_limits_are_cut_to_the_host() -> None:
    plan = fitted(PLAN, HOST, cpu=False, memory=False)
    assert (plan.cpu, plan.memory) == (2.0, 8 * GB)
    unlimited = replace(PLAN, cpu=None, memory=None)
    assert fitted(unlimited, HOST, cpu=False, memory=False) == unlimited


@pytest.mark.parametrize(
    ("cpu", "memory", "says"), [(True, False, "4 cores"), (False, True, "16 GB")]
)
def test_a_chosen_limit_above_the_host_is_refused(cpu: bool, memory: bool, says: str) -> None:
    with pytest.raises(EngineError, match=says) as refused:
        fitted(PLAN, HOST, cpu=cpu, memory=memory)
    assert refused.value.code == "limit-above-host"
    assert refused.value.cause is not None
    assert refused.value.cause.field == ("cpu" if cpu else "memory")


def test_limits_that_are_not_applied_are_left_alone() -> None:
    assert fitted(PLAN, replace(HOST, isolated=False), cpu=True, memory=True) == PLAN


def test_a_host_that_is_short_of_memory_takes_no_lab() -> None:
    check_memory(HOST, GB)
    check_memory(replace(HOST, available=None), 9 * GB)
    with pytest.raises(EngineError, match="It has 1 GB left") as refused:
        check_memory(HOST, GB + 1)
    assert refused.value.code == "host-memory"
