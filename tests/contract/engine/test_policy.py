"""What a lab is and may do: as the engine says, and as seen from inside."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from labyard.core.models import Hardening
from labyard.engines.base import Engine
from tests.contract.engine.places import SECRET, LabSaid, Place, ask, running


async def test_secrets_reach_the_lab_and_nobody_else(place: Place, engine: Engine) -> None:
    lab = await running(engine, place.plan())
    told = await ask(lab, "secrets")
    assert told["values"] == {"JUPYTERHUB_API_TOKEN": SECRET}
    assert told["mode"] == "0o400"
    assert SECRET not in json.dumps(await ask(lab, "environ"))
    assert SECRET not in await engine.logs(lab.name)
    assert SECRET not in repr(place.plan())
    if place.kind != "local":
        assert told["uid"] == 1000
        assert SECRET not in json.dumps(await place.inspect(lab.name))
        await engine.restart(lab.name, 2)
        assert (await ask(lab, "secrets"))["values"] == {"JUPYTERHUB_API_TOKEN": SECRET}


async def test_inspect_equals_the_plan(containers: Place) -> None:
    engine = containers.engine()
    plan = containers.plan(cpu=0.5, memory=200 * 2**20, shm=32 * 2**20)
    await engine.create(plan)
    host = (await containers.inspect(plan.name))["HostConfig"]
    assert (host["Memory"], host["MemorySwap"]) == (plan.memory, plan.memory)
    assert host["NanoCpus"] == 500_000_000
    assert host["ShmSize"] == plan.shm
    assert host["PidsLimit"] == 512
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["PidMode"] in ("", "private")
    assert not host["Devices"]
    assert not host["CapAdd"]
    assert not host["PortBindings"]
    if containers.kind == "podman":
        # Podman: its own list for ALL; no rotation but one size; no way to say private shm.
        assert "NET_RAW" in host["CapDrop"]
    else:
        assert host["CapDrop"] == ["ALL"]
        assert host["IpcMode"] == "private"
        assert host["LogConfig"] == {
            "Type": "json-file",
            "Config": {"max-size": str(10 * 2**20), "max-file": "3"},
        }


async def test_limits_hold_in_the_cgroup(containers: Place) -> None:
    plan = containers.plan(cpu=0.5, memory=200 * 2**20, hardening=Hardening(pids=64))
    lab = await running(containers.engine(), plan)
    where = (await ask(lab, "run", command=["cat", "/proc/self/cgroup"]))["output"]
    if where.startswith("0::"):
        memory, pids, cpu = "memory.max", "pids.max", "cpu.max"
        expected_cpu = "50000 100000"
    else:
        memory = "memory/memory.memsw.limit_in_bytes"
        pids, cpu = "pids/pids.max", "cpu/cpu.cfs_quota_us"
        expected_cpu = "50000"

    async def told(file: str) -> str:
        return (await ask(lab, "read", path=f"/sys/fs/cgroup/{file}")).strip()

    assert await told(pids) == "64"
    assert await told(cpu) == expected_cpu
    assert await told(memory) == str(plan.memory)
    assert "unavailable" in await ask(lab, "fork", count=100)  # Resource temporarily unavailable


async def test_a_lab_has_no_rights_and_a_read_only_root(containers: Place) -> None:
    lab = await running(containers.engine(), containers.plan())
    status = (await ask(lab, "read", path="/proc/self/status")).splitlines()
    fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert {fields[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Uid"].split()[0] == "1000"
    for path in ("/usr/x", "/etc/x", "/x", "/run/x"):
        with pytest.raises(LabSaid, match=r"Read-only|Permission"):
            await ask(lab, "write", path=path, content="")
    script = "#!/bin/sh\necho runs\n"
    await ask(lab, "write", path="/tmp/tool", content=script)
    await ask(lab, "run", command=["chmod", "+x", "/tmp/tool"])
    assert (await ask(lab, "run", command=["/tmp/tool"]))["output"] == "runs\n"


async def test_packets_cannot_be_forged_even_with_capabilities(containers: Place) -> None:
    plan = containers.plan(hardening=Hardening(drop_capabilities=False))
    lab = await running(containers.engine(), replace(plan, user="0:0"))
    forge = "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)"
    done = await ask(lab, "run", command=["python3", "-c", forge])
    assert "PermissionError" in done["output"]


async def test_scratch_goes_with_the_lab(containers: Place) -> None:
    engine = containers.engine()
    lab = await running(engine, containers.plan())
    mounts = (await containers.inspect(lab.name))["Mounts"]
    nameless = [m["Name"] for m in mounts if m["Destination"] in ("/tmp", "/run/labyard")]
    assert len(nameless) == 2
    assert [v.name for v in await engine.volumes()] == [containers.plan().mounts[0].source]
    await engine.remove(lab.name)
    async with containers.client() as d:
        left = {v["Name"] for v in (await d.volumes.list())["Volumes"] or []}
    assert not left & set(nameless)
