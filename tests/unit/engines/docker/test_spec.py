import io
import json
import tarfile
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from labyard.core.models import (
    Hardening,
    Mount,
    MountKind,
    NetworkPlan,
    Owner,
    ServerPlan,
    ServerRef,
)
from labyard.engines.docker import spec

PLAN = ServerPlan(
    ref=ServerRef(Owner(7, "ann")),
    name="t-ann",
    hostname="lab-ann",
    image="labyard/lab:latest",
    command=("labyard-lab",),
    port=8888,
    user="1000:1000",
    working_dir="/home/lab",
    environment={"B": "2", "A": "x=y\nz"},
    secrets={"JUPYTERHUB_API_TOKEN": "very-secret"},
    cpu=1.5,
    memory=4 * 2**30,
    mounts=(
        Mount("home", "t-ann_home", "/home"),
        Mount("data", "/srv/data", "/data", kind=MountKind.BIND, read_only=True),
    ),
    network=NetworkPlan("t-net-ann", IPv4Network("10.177.0.0/16"), 28, {"l": "n"}),
    labels={"org.labyard.installation": "t"},
    volume_labels={"t-ann_home": {"org.labyard.volume": "home"}},
)


def body(plan: ServerPlan = PLAN, **more: Any) -> dict[str, Any]:
    return spec.container(
        plan, IPv4Address("10.177.0.2"), attempt="a1", scratch_labels={"k": "scratch"}, **more
    )


def test_the_container_is_exactly_the_plan() -> None:
    assert body() == {
        "Image": "labyard/lab:latest",
        "Hostname": "lab-ann",
        "User": "1000:1000",
        "WorkingDir": "/home/lab",
        "Env": ["A=x=y\nz", "B=2"],
        "Cmd": ["labyard-lab"],
        "Labels": {
            "org.labyard.installation": "t",
            "org.labyard.address": "10.177.0.2:8888",
            "org.labyard.attempt": "a1",
        },
        "HostConfig": {
            "NetworkMode": "t-net-ann",
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "t-ann_home",
                    "Target": "/home",
                    "ReadOnly": False,
                    "VolumeOptions": {"Labels": {"org.labyard.volume": "home"}},
                },
                {"Type": "bind", "Source": "/srv/data", "Target": "/data", "ReadOnly": True},
                *(
                    {
                        "Type": "volume",
                        "Target": target,
                        "VolumeOptions": {"Labels": {"k": "scratch"}},
                    }
                    for target in ("/run/labyard", "/tmp")
                ),
            ],
            "Tmpfs": {"/run": "rw,noexec,nosuid,nodev,mode=755,size=16m"},
            "ShmSize": 64 * 2**20,
            "PidsLimit": 512,
            "Memory": 4 * 2**30,
            "MemorySwap": 4 * 2**30,
            "NanoCpus": 1_500_000_000,
            "Init": True,
            "Privileged": False,
            "IpcMode": "private",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": {
                "Type": "json-file",
                "Config": {"max-size": "10485760", "max-file": "3"},
            },
            "Sysctls": {"net.ipv6.conf.all.disable_ipv6": "1"},
        },
        "NetworkingConfig": {
            "EndpointsConfig": {"t-net-ann": {"IPAMConfig": {"IPv4Address": "10.177.0.2"}}}
        },
    }


def test_no_secret_is_in_any_body() -> None:
    assert PLAN.network is not None
    bodies = [body(), spec.network(PLAN.network, IPv4Network("10.177.0.0/28"))]
    assert "very-secret" not in json.dumps(bodies)


def test_no_limit_is_no_entry() -> None:
    host = body(replace(PLAN, cpu=None, memory=None))["HostConfig"]
    assert not {"Memory", "MemorySwap", "NanoCpus"} & set(host)


def test_hardening_switched_off_still_forbids_forged_packets() -> None:
    off = Hardening(read_only_root=False, drop_capabilities=False, no_new_privileges=False)
    host = body(replace(PLAN, hardening=off))["HostConfig"]
    assert host["CapDrop"] == ["NET_RAW"]
    assert (host["SecurityOpt"], host["ReadonlyRootfs"]) == ([], False)


def test_a_mount_of_the_plan_wins_over_scratch() -> None:
    plan = replace(PLAN, mounts=(Mount("tmp", "t-ann_tmp", "/tmp"),))
    targets = [m["Target"] for m in body(plan)["HostConfig"]["Mounts"]]
    assert targets == ["/tmp", "/run/labyard"]


def test_limits_and_ipv6_depend_on_the_host() -> None:
    host = body(ulimits={"nofile": (1024, 4096)}, ipv6=False)["HostConfig"]
    assert host["Ulimits"] == [{"Name": "nofile", "Soft": 1024, "Hard": 4096}]
    assert "Sysctls" not in host


def test_a_network_is_a_plain_bridge_with_a_gateway() -> None:
    assert PLAN.network is not None
    assert spec.network(PLAN.network, IPv4Network("10.177.0.16/28")) == {
        "Name": "t-net-ann",
        "Driver": "bridge",
        "CheckDuplicate": True,
        "EnableIPv6": False,
        "IPAM": {
            "Driver": "default",
            "Config": [{"Subnet": "10.177.0.16/28", "Gateway": "10.177.0.17"}],
        },
        "Labels": {"l": "n"},
    }


def test_secrets_are_a_file_of_the_lab_user_alone() -> None:
    archive = spec.secrets_archive(replace(PLAN, user="1001:1002"))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        (entry,) = tar.getmembers()
        content = tar.extractfile(entry)
        assert content is not None
        assert json.loads(content.read()) == {"JUPYTERHUB_API_TOKEN": "very-secret"}
    assert (entry.name, entry.mode, entry.uid, entry.gid) == ("secrets.json", 0o400, 1001, 1002)
    assert len(archive) == 512 + 512 + 1024  # header, content, end: no padding beyond


def test_a_steward_hands_new_volumes_over_and_never_runs() -> None:
    made = spec.steward(PLAN, ["v0", "v1"], {"k": "scratch"}, "a1")
    assert made["HostConfig"]["NetworkMode"] == "none"
    assert [m["Target"] for m in made["HostConfig"]["Mounts"]] == [
        "/labyard-volume-0",
        "/labyard-volume-1",
    ]
    made = (Mount("h", "h", "/home"), Mount("w", "w", "/home/lab/work"), Mount("c", "c", "/c"))
    plan = replace(PLAN, mounts=made, working_dir="/home/lab")
    needed = [spec.directories(plan, name) for name in ("h", "w", "c")]
    assert needed == [["lab", "lab/work"], [], []]
    for archive, names in (
        (spec.deeds(plan, 2), ["labyard-volume-0", "labyard-volume-1"]),
        (spec.furniture(plan, needed[0]), needed[0]),
    ):
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            entries = tar.getmembers()
        assert [e.name for e in entries] == names
        assert all((e.uid, e.gid, e.mode, e.isdir()) == (1000, 1000, 0o755, True) for e in entries)


def test_gpus_are_asked_for_by_id_each_from_its_driver() -> None:
    assert "DeviceRequests" not in body()["HostConfig"]
    gpus = ("GPU-1", "nvidia.com/gpu=0", "GPU-2")
    assert body(replace(PLAN, gpus=gpus))["HostConfig"]["DeviceRequests"] == [
        {"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=0"], "Capabilities": []},
        {"Driver": "nvidia", "DeviceIDs": ["GPU-1", "GPU-2"], "Capabilities": [["gpu"]]},
    ]


def test_places_without_a_volume_are_nameless_ones() -> None:
    mounts = body(replace(PLAN, mounts=(), scratch=("/home",)))["HostConfig"]["Mounts"]
    assert mounts[-1] == {
        "Type": "volume",
        "Target": "/home",
        "VolumeOptions": {"Labels": {"k": "scratch"}},
    }
