"""Two installations on one engine, and what belongs to neither."""

from __future__ import annotations

import aiodocker
import pytest

from labyard.core.errors import EngineError, LabyardError, Refused
from labyard.core.models import LabStatus
from labyard.core.names import INSTALLATION, KIND, Names, Scheme
from tests.contract.engine.places import IMAGE, Place, running


async def test_two_installations_never_see_each_others_objects(place: Place) -> None:
    other = place.another_installation()
    mine, theirs = place.engine(), other.engine()
    my_lab = await running(mine, place.plan())
    their_lab = await running(theirs, other.plan())
    try:
        assert [lab.name for lab in await mine.labs()] == [my_lab.name]
        assert [v.name for v in await mine.volumes()] == [place.plan().mounts[0].source]
        assert await mine.lab(their_lab.name) is None
        await mine.stop(their_lab.name, 0)
        await mine.remove(their_lab.name)
        with pytest.raises(LabyardError):
            await mine.remove_volume(other.plan().mounts[0].source)
        seen = await theirs.lab(their_lab.name)
        assert seen is not None
        assert seen.status is LabStatus.RUNNING
    finally:
        await theirs.remove(their_lab.name)
        for volume in await theirs.volumes():
            await theirs.remove_volume(volume.name)


async def test_a_foreign_container_of_the_same_name_is_left_alone(containers: Place) -> None:
    engine, plan = containers.engine(), containers.plan()
    async with containers.client() as d:
        body = {"Image": IMAGE, "Cmd": ["sleep", "60"]}
        foreign = await d.containers.create(body, name=plan.name)
        try:
            with pytest.raises(EngineError, match="is not this installation's"):
                await engine.create(plan)
            assert await engine.lab(plan.name) is None
            await engine.remove(plan.name)
            assert (await d.containers.get(plan.name)).id == foreign.id
            # and nothing that the attempt made before stays behind
            assert await containers.objects() == {"containers": [], "volumes": [], "networks": []}
        finally:
            await foreign.delete(force=True)


async def test_a_foreign_volume_is_neither_mounted_nor_removed(containers: Place) -> None:
    engine, plan = containers.engine(), containers.plan()
    volume = plan.mounts[0].source
    async with containers.client() as d:
        labels = {INSTALLATION: "tengineother", KIND: "volume"}
        await d.volumes.create({"Name": volume, "Labels": labels})
        try:
            with pytest.raises(EngineError, match="belongs to the installation tengineother"):
                await engine.create(plan)
            with pytest.raises(Refused):
                await engine.remove_volume(volume)
            assert await engine.volumes(prefix=volume) == []
        finally:
            async with d._query(f"volumes/{volume}", "DELETE"):
                pass


async def test_another_users_volume_is_not_mounted(containers: Place) -> None:
    engine = containers.engine()
    plan = containers.plan()
    await engine.create(plan)
    await engine.remove(plan.name)
    with pytest.raises(EngineError, match="belongs to another user"):
        await engine.create(containers.plan(user_id=987654))


async def test_unlabelled_volumes_are_seen_where_the_scheme_adopts_them(containers: Place) -> None:
    names = Names(containers.names.installation, Scheme.STELLARS)
    engine, name = containers.engine(names=names), names.volume("tengine-x", "home")
    async with containers.client() as d:
        await d.volumes.create({"Name": name})
        try:
            assert await engine.volumes() == []
            assert name in [v.name for v in await engine.volumes(names.volume_prefix)]
            with pytest.raises(Refused):
                await containers.engine().remove_volume(name)
            await engine.remove_volume(name)
            with pytest.raises(aiodocker.DockerError):
                await d.volumes.get(name)
        finally:
            await d._query_json("volumes", "GET")
