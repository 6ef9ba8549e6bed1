"""GPUs are asked for by id; what cannot be given is told plainly. No engine here has one."""

from __future__ import annotations

import pytest

from labyard.core import causes
from labyard.core.errors import EngineError
from labyard.engines.docker.engine import DockerEngine
from tests.contract.engine.places import Place, running


async def test_one_that_the_engine_cannot_give_is_told_plainly(
    takes_gpus: Place,
) -> None:
    engine = takes_gpus.engine()
    with pytest.raises(EngineError) as refused:
        await running(engine, takes_gpus.plan(gpus=("GPU-8f4a",)))
    assert refused.value.cause is causes.NO_GPU


async def test_what_an_engine_cannot_do_is_told_with_the_reason(place: Place) -> None:
    lacks = place.engine().lacks
    if place.kind == "local":
        assert set(lacks) == {"image", "cpu", "memory", "shm", "gpus"}
        assert all(why.endswith(".") for why in lacks.values())
    else:
        assert lacks == {}
        assert set(DockerEngine(place.url, place.names, podman=True).lacks) == {"gpus"}
