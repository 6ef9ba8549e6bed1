"""What labs mount: homes that are their user's whatever the image has there, and what others keep."""

from __future__ import annotations

from dataclasses import replace

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


async def test_a_volume_may_be_a_file_system_that_the_engine_mounts(containers: Place) -> None:
    name = f"{containers.names.installation}_share"
    options = {"type": "tmpfs", "device": "tmpfs", "o": "mode=0555,nosuid"}
    mounts = (*containers.plan().mounts, Mount("share", name, "/mnt/share", shared=True))
    plan = containers.plan(mounts=mounts, volume_options={name: options})
    plan = replace(
        plan,
        volume_labels={**plan.volume_labels, name: containers.names.shared_volume_labels("share")},
    )
    lab = await running(containers.engine(), plan)
    seen = (await ask(lab, "run", command=["stat", "-f", "-c", "%T", "/mnt/share"]))["output"]
    assert seen.strip() == "tmpfs"
    if containers.kind != "podman":  # which does so by itself
        owner = (await ask(lab, "run", command=["stat", "-c", "%u %a", "/mnt/share"]))["output"]
        assert owner.strip() == "0 555", "what is on a file server is not handed to anybody"
