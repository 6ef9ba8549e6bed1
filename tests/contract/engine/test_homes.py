"""New homes belong to the lab's user, whatever its image has there."""

from __future__ import annotations

import pytest

from labyard.core.models import Mount
from labyard.engines.base import Engine
from tests.contract.engine.places import Place, ask, running

HOME = "/home/lab"


@pytest.mark.parametrize("at", ["/home", HOME])
async def test_a_new_home_is_the_labs_own_where_the_image_has_none(
    containers: Place, engine: Engine, at: str
) -> None:
    """The engine itself makes it, to work and to mount the workspace in it, and as root's."""
    names = containers.names
    mounts = (
        Mount("home", names.volume("alice", "home"), at),
        Mount("workspace", names.volume("alice", "workspace"), f"{HOME}/workspace"),
    )
    plan = containers.plan(mounts=mounts, working_dir=HOME, environment={"HOME": HOME})
    lab = await running(engine, plan)
    for place in (HOME, f"{HOME}/workspace"):
        about = await ask(lab, "run", command=["stat", "-c", "%u:%g %a", place])
        assert about["output"].strip() == "1000:1000 755", place
    await ask(lab, "write", path=f"{HOME}/mine", content="x")
