"""Measuring, reading and filling volumes, the same on every engine."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import tarfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import aiodocker
import pytest

from labyard.core.errors import NotFound, Refused
from labyard.core.models import Owner, Unpacking
from labyard.core.names import ERRAND
from labyard.engines.base import Engine
from tests.contract.engine.places import IMAGE, Place, ask, eventually, running

ALICE = Owner(sum(b"alice"), "alice")
HOW = Unpacking(ALICE)
ODD = "sp ace\tü\U0001f600'\"$(x)\nline"


def tar(*entries: tuple[str, bytes | None] | tarfile.TarInfo) -> bytes:
    """Return a tar as the platform hands it over: names with their contents, None for a folder."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as made:
        for given in entries:
            if isinstance(given, tarfile.TarInfo):
                made.addfile(given)
                continue
            name, content = given
            entry = tarfile.TarInfo(name)
            entry.uid = entry.gid = 1000
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                made.addfile(entry)
            else:
                entry.size, entry.mode = len(content), 0o644
                made.addfile(entry, io.BytesIO(content))
        end = made.offset
    return archive.getvalue()[: end + 1024]


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.uid, entry.gid = kind, target, 1000, 1000
    return entry


async def coming(content: bytes, size: int = 700) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def packed(engine: Engine, volume: str, folder: str = "") -> dict[str, tarfile.TarInfo]:
    """Return what a volume's archive holds, by name; the folder itself is called ``home``."""
    content = b"".join([chunk async for chunk in engine.archive(volume, ALICE, folder)])
    with tarfile.open(fileobj=io.BytesIO(content)) as found:
        top = len(found.getmembers()[0].name)
        entries = {"home" + entry.name[top:]: entry for entry in found}
        for entry in entries.values():
            held = found.extractfile(entry) if entry.isreg() else None
            entry.pax_headers["content"] = held.read() if held else b""  # type: ignore[assignment]
    return entries


def contents(entries: dict[str, tarfile.TarInfo]) -> dict[str, bytes]:
    return {n: e.pax_headers["content"] for n, e in entries.items() if e.isreg()}  # type: ignore[misc]


@pytest.fixture
async def volume(place: Place, engine: Engine) -> str:
    """A volume that a lab was made with, and that no lab uses."""
    plan = place.plan()
    await engine.create(plan)
    await engine.remove(plan.name)
    return plan.mounts[0].source


async def errands(place: Place) -> Sequence[str]:
    """Return the containers that errands left."""
    if place.kind == "local":
        return []
    found = []
    for name in (await place.objects())["containers"]:
        with contextlib.suppress(aiodocker.DockerError):  # gone meanwhile
            if ERRAND in (await place.inspect(name))["Config"]["Labels"]:
                found.append(name)
    return found


async def test_what_is_unpacked_is_archived_byte_for_byte(
    place: Place, engine: Engine, volume: str
) -> None:
    big = bytes(range(256)) * 4096
    given = tar(
        ("deep", None),
        ("deep/empty", None),
        ("deep/big.bin", big),
        (ODD, b"odd"),
        ("none", b""),
        link("to-big", "deep/big.bin"),
        link("nowhere", "not-there"),
        link("deep/same", "deep/big.bin", tarfile.LNKTYPE),
    )
    await engine.unpack(volume, coming(given), HOW)

    found = await packed(engine, volume)
    assert set(found) == {
        "home",
        *(f"home/{n}" for n in ("deep", "deep/empty", "deep/big.bin", "deep/same")),
        *(f"home/{n}" for n in (ODD, "none", "to-big", "nowhere")),
    }
    kept = contents(found)
    assert kept[f"home/{ODD}"] == b"odd"
    assert big in (kept.get("home/deep/big.bin"), kept.get("home/deep/same"))
    assert found["home/to-big"].linkname == "deep/big.bin"
    assert {found["home/deep/big.bin"].type, found["home/deep/same"].type} == {
        tarfile.REGTYPE,
        tarfile.LNKTYPE,
    }
    assert await errands(place) == []

    assert set(await packed(engine, volume, "deep")) == {
        "home",
        "home/empty",
        "home/big.bin",
        "home/same",
    }


async def test_a_lab_reads_and_writes_what_was_unpacked(
    place: Place, engine: Engine, volume: str
) -> None:
    await engine.unpack(volume, coming(tar(("note", b"from afar"))), replace(HOW, folder="new/in"))
    lab = await running(engine, place.plan())
    assert await ask(lab, "read", path="~/new/in/note") == "from afar"
    await ask(lab, "write", path="~/new/in/note", content="changed")
    await ask(lab, "write", path="~/new/mine", content="x")
    found = contents(await packed(engine, volume, "new"))  # while the lab runs
    assert found == {"home/in/note": b"changed", "home/mine": b"x"}


async def test_nothing_is_overwritten_unless_asked_and_then_all_or_nothing(
    place: Place, engine: Engine, volume: str
) -> None:
    first = tar(("a", b"1"), ("d", None), ("d/b", b"1"))
    await engine.unpack(volume, coming(first), HOW)
    second = tar(("new", b"2"), ("d", None), ("d/b", b"2"), ("d/c", b"2"))
    with pytest.raises(Refused, match=r"Already there: d/b\."):
        await engine.unpack(volume, coming(second), HOW)
    assert contents(await packed(engine, volume)) == {"home/a": b"1", "home/d/b": b"1"}

    await engine.unpack(volume, coming(second), replace(HOW, overwrite=True))
    both = {"home/a": b"1", "home/new": b"2", "home/d/b": b"2", "home/d/c": b"2"}
    assert contents(await packed(engine, volume)) == both

    for clash in (tar(("a", None), ("a/x", b"3")), tar(("d", b"3"), ("z", b"3"))):
        with pytest.raises(Refused, match="Already there"):
            await engine.unpack(volume, coming(clash), replace(HOW, overwrite=True))
    assert contents(await packed(engine, volume)) == both


async def test_links_in_the_volume_lead_nothing_astray(
    place: Place, engine: Engine, volume: str
) -> None:
    await engine.unpack(volume, coming(tar(("real", None), link("out", "/tmp"))), HOW)
    for folder in ("out", "out/below"):
        with pytest.raises(Refused, match="link"):
            await engine.unpack(volume, coming(tar(("x", b"1"))), replace(HOW, folder=folder))
    with pytest.raises(Refused, match="Already there: out"):
        await engine.unpack(
            volume,
            coming(tar(("out", None), ("out/x", b"1"))),
            replace(HOW, overwrite=True),
        )
    assert set(await packed(engine, volume)) == {"home", "home/real", "home/out"}


async def test_an_upload_that_breaks_off_leaves_nothing(
    place: Place, engine: Engine, volume: str
) -> None:
    class Gone(Exception):
        pass

    async def breaking() -> AsyncIterator[bytes]:
        yield tar(("half", bytes(100_000)))[:60_000]
        raise Gone

    with pytest.raises(Gone):
        await engine.unpack(volume, breaking(), HOW)
    assert set(await packed(engine, volume)) == {"home"}
    assert await errands(place) == []


async def test_an_upload_that_is_cancelled_leaves_nothing(
    place: Place, engine: Engine, volume: str
) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield tar(("half", bytes(100_000)))[:60_000]
        begun.set()
        await asyncio.Event().wait()

    work = asyncio.create_task(engine.unpack(volume, endless(), HOW))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert set(await packed(engine, volume)) == {"home"}
    assert await errands(place) == []


async def test_a_download_that_is_given_up_leaves_nothing(
    place: Place, engine: Engine, volume: str
) -> None:
    await engine.unpack(volume, coming(tar(("big", bytes(8 * 2**20))), 2**20), HOW)
    chunks = engine.archive(volume, ALICE)
    assert await anext(chunks)
    await chunks.aclose()
    assert await errands(place) == []
    await engine.remove_volume(volume)


async def test_sizes_are_told_of_many_volumes_also_of_running_labs(
    place: Place, engine: Engine, volume: str
) -> None:
    await engine.unpack(volume, coming(tar(("a", bytes(300_000)), ("d", None), ("d/b", b"1"))), HOW)
    other = place.plan("bob")
    await running(engine, other)
    sizes = await engine.measure([volume, other.mounts[0].source, "not-there"], 10)
    assert set(sizes) == {volume, other.mounts[0].source}
    assert sizes[volume].files == 2
    assert 300_000 <= sizes[volume].bytes < 400_000
    assert sizes[volume].whole
    assert sizes[other.mounts[0].source].files == 0
    assert "not-there" not in {v.name for v in await engine.volumes()}
    assert not (await engine.measure([volume], 0))[volume].whole


async def killed_midway(place: Place, volume: str) -> None:
    """Upload in a process that dies without a word."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        KILLED,
        place.kind,
        place.names.installation,
        place.url or str(place.root / place.names.installation),
        IMAGE,
        volume,
        str(ALICE.id),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"begun\n"
    process.kill()
    await process.wait()


async def test_what_a_killed_process_left_is_swept_and_what_runs_is_not(
    place: Place, engine: Engine, volume: str
) -> None:
    await engine.unpack(volume, coming(tar(("kept", b"1"))), HOW)
    await killed_midway(place, volume)
    assert len(await packed(engine, volume)) > 2  # half of it is there

    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield tar(("mine", b"2"))[:512]
        begun.set()
        await go_on.wait()
        yield tar(("mine", b"2"))[512:]

    mine = asyncio.create_task(engine.unpack(volume, slow(), HOW))
    await begun.wait()
    await eventually(lambda: swept(engine, volume))
    go_on.set()
    await mine
    assert contents(await packed(engine, volume)) == {"home/kept": b"1", "home/mine": b"2"}
    assert await errands(place) == []
    await engine.remove_volume(volume)


async def test_what_was_left_without_a_container_is_found_by_name_and_nothing_else_is(
    place: Place, engine: Engine, volume: str
) -> None:
    """So it is when the process dies between two containers, or while nothing could be cleared up."""
    kept = tar((".labyard-upload-mine", None), ("upload-0123456789abcdef", None))
    await engine.unpack(volume, coming(kept), HOW)
    await killed_midway(place, volume)
    for name in await errands(place):
        async with place.client() as client:
            await client.containers.container(name).delete(force=True)
    assert len(await packed(engine, volume)) > 3
    await engine.measure([volume], 10)
    await engine.sweep()
    assert set(await packed(engine, volume)) == {
        "home",
        "home/.labyard-upload-mine",
        "home/upload-0123456789abcdef",
    }
    assert await errands(place) == []


async def swept(engine: Engine, volume: str) -> bool:
    """Sweep, and say whether only the upload that goes on is still there."""
    await engine.sweep()
    found = await packed(engine, volume)
    return len({n for n in found if ".labyard-upload-" in n and n.count("/") == 1}) == 1


KILLED = """
import asyncio, io, sys, tarfile, time
from pathlib import Path
from labyard.core.models import Owner, Unpacking
from labyard.core.names import Names
from labyard.engines.docker.engine import DockerEngine
from labyard.engines.local.engine import LocalEngine

kind, installation, where, image, volume, owner = sys.argv[1:]
engine = (
    LocalEngine(installation, Path(where), Path(sys.executable).parent)
    if kind == "local"
    else DockerEngine(where, Names(installation), errands_image=image)
)

async def tar():
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as out:
        entry = tarfile.TarInfo("half")
        entry.size = 2**20
        out.addfile(entry, io.BytesIO(bytes(2**20)))
    yield made.getvalue()[: 2**19]
    await asyncio.sleep(2)
    print("begun", flush=True)
    await asyncio.sleep(60)

asyncio.run(engine.unpack(volume, tar(), Unpacking(Owner(int(owner), "alice"))))
"""


async def test_what_unpacks_can_do_nothing_else(
    containers: Place, engine: Engine, volume: str
) -> None:
    seen: dict[str, Any] = {}

    async def slow() -> AsyncIterator[bytes]:
        (name,) = await errands(containers)
        seen.update(await containers.inspect(name))
        yield tar(("x", b"1"))

    await engine.unpack(volume, slow(), HOW)
    assert not seen["State"]["Running"]  # the engine unpacks; nothing runs
    assert seen["HostConfig"]["NetworkMode"] == "none"
    assert [m["Name"] for m in seen["Mounts"]] == [volume]


async def test_what_measures_can_do_nothing_else(
    looked_at_at_once: Place, engine: Engine, volume: str
) -> None:
    containers = looked_at_at_once
    spied: list[dict[str, Any]] = []
    for _ in range(20):  # they are gone quickly
        measuring = asyncio.create_task(engine.measure([volume], 10))
        while not measuring.done():
            for name in await errands(containers):
                with contextlib.suppress(aiodocker.DockerError):
                    spied.append(await containers.inspect(name))
            await asyncio.sleep(0.02)
        await measuring
        if spied:
            break
    host = spied[0]["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert not host["Privileged"]
    assert [c.removeprefix("CAP_") for c in host["CapAdd"] or ()] in ([], ["DAC_READ_SEARCH"])
    assert not any(mount["RW"] for mount in spied[0]["Mounts"])


async def test_what_is_not_there_is_said_to_be_not_there(
    place: Place, engine: Engine, volume: str
) -> None:
    absent = place.names.volume("nobody", "home")
    with pytest.raises(NotFound):
        await engine.unpack(absent, coming(tar(("x", b""))), HOW)
    for name, folder in ((absent, ""), (volume, "no/such")):
        with pytest.raises(NotFound):
            await packed(engine, name, folder)
    assert absent not in {v.name for v in await engine.volumes()}
