"""From a plan to the engine's own request bodies. Pure: decides, does nothing."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import PurePosixPath
from typing import Any

from labyard.core.models import Mount, MountKind, NetworkPlan, ServerPlan
from labyard.core.names import ADDRESS, ATTEMPT

SECRETS_DIRECTORY = "/run/labyard"
SECRETS_FILE = "secrets.json"

_SCRATCH = (SECRETS_DIRECTORY, "/tmp")  # noqa: S108  inside the lab
_RUN = "rw,noexec,nosuid,nodev,mode=755,size=16m"
# Without it no lab can put another address than its own on a packet, which the firewall relies on.
_NEVER = ["NET_RAW"]
# What root needs to install packages and to look after files and processes of its own container. Nothing
# that reaches devices, mounts, networks, modules or the time.
_ROOT = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL"),
    *("NET_BIND_SERVICE", "SETGID", "SETUID"),
)

Body = dict[str, Any]


def container(
    plan: ServerPlan,
    address: IPv4Address,
    *,
    attempt: str,
    scratch_labels: Mapping[str, str],
    ulimits: Mapping[str, tuple[int, int]] | None = None,
    ipv6: bool = True,
) -> Body:
    """Return the body that creates ``plan``'s container at ``address`` in its network.

    ``attempt`` marks it as made by one call. ``ulimits`` are soft and hard limits by name, where the
    engine's own defaults would not do. ``ipv6`` says whether the kernel has it at all. Secrets are
    not in it: see :func:`secrets_archive`.
    """
    network = plan.network.name if plan.network else "none"
    return {
        "Image": plan.image,
        "Hostname": plan.hostname,
        "User": plan.user,
        "WorkingDir": plan.working_dir,
        "Env": [f"{name}={value}" for name, value in sorted(plan.environment.items())],
        "Labels": {**plan.labels, ADDRESS: f"{address}:{plan.port}", ATTEMPT: attempt},
        **({"Cmd": list(plan.command)} if plan.command else {}),
        "HostConfig": {
            "NetworkMode": network,
            "Mounts": [
                *(_mount(m, plan.volume_labels) for m in plan.mounts),
                *_scratch(plan, scratch_labels),
            ],
            "Tmpfs": {"/run": _RUN},
            "ShmSize": plan.shm,
            **({"GroupAdd": [str(group) for group in plan.groups]} if plan.groups else {}),
            **_limits(plan),
            **({"DeviceRequests": _devices(plan.gpus)} if plan.gpus else {}),
            **_hardening(plan),
            # The network has no IPv6; a link-local address would still reach the host.
            **({"Sysctls": {"net.ipv6.conf.all.disable_ipv6": "1"}} if ipv6 else {}),
            **({"Ulimits": _ulimits(ulimits)} if ulimits else {}),
        },
        "NetworkingConfig": {
            "EndpointsConfig": {network: {"IPAMConfig": {"IPv4Address": str(address)}}}
        },
    }


def network(plan: NetworkPlan, subnet: IPv4Network) -> Body:
    """Return the body that creates a user's network; its gateway is the first address."""
    return {
        "Name": plan.name,
        "Driver": "bridge",
        "CheckDuplicate": True,
        "EnableIPv6": False,
        "IPAM": {
            "Driver": "default",
            "Config": [{"Subnet": str(subnet), "Gateway": str(subnet.network_address + 1)}],
        },
        "Labels": dict(plan.labels),
    }


def volume(name: str, labels: Mapping[str, str], options: Mapping[str, str]) -> Body:
    """Return the body that creates a volume; with ``options`` it is what the local driver mounts."""
    body = {"Name": name, "Driver": "local", "Labels": dict(labels)}
    return {**body, "DriverOpts": dict(options)} if options else body


def secrets_archive(plan: ServerPlan) -> bytes:
    """Return a tar of ``secrets.json`` that only the lab's own user can read."""
    content = json.dumps(dict(plan.secrets)).encode()
    entry = tarfile.TarInfo(SECRETS_FILE)
    entry.size, entry.mode = len(content), 0o400
    return _archive(plan, [(entry, content)])


def steward(
    plan: ServerPlan, volumes: Sequence[str], labels: Mapping[str, str], attempt: str
) -> Body:
    """Return the body of a container that never runs: with :func:`deeds` it hands new volumes over.

    Docker leaves a new volume to root where the image has no directory of that name.
    """
    return {
        "Image": plan.image,
        "Cmd": ["true"],
        "Labels": {**labels, ATTEMPT: attempt},
        "HostConfig": {
            "NetworkMode": "none",
            "Mounts": [
                {"Type": "volume", "Source": name, "Target": place(at)}
                for at, name in enumerate(volumes)
            ],
        },
    }


def deeds(plan: ServerPlan, count: int) -> bytes:
    """Return a tar to unpack at a steward's root: its ``count`` volumes become the lab's user's."""
    return _owned(plan, [_deed(at) for at in range(count)])


def place(at: int) -> str:
    """Return where in a steward its volume number ``at`` is."""
    return f"/{_deed(at)}"


def furniture(plan: ServerPlan, directories: Sequence[str]) -> bytes:
    """Return a tar to unpack in a volume: ``directories`` of the lab's user's."""
    return _owned(plan, directories)


def _owned(plan: ServerPlan, paths: Iterable[str]) -> bytes:
    entries = []
    for path in paths:
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        entries.append((entry, b""))
    return _archive(plan, entries)


def directories(plan: ServerPlan, volume: str) -> Sequence[str]:
    """Return what a lab needs in a volume to work and to mount in, relative, parents first.

    An engine makes such directories as root's.
    """
    places = {PurePosixPath(m.target): m.source for m in plan.mounts}
    found: set[PurePosixPath] = set()
    for wanted in (PurePosixPath(plan.working_dir), *places):
        above = next((at for at in wanted.parents if at in places), None)
        if above is not None and places[above] == volume:
            inside = wanted.relative_to(above)
            found |= {inside, *inside.parents} - {PurePosixPath()}
    return sorted(map(str, found))


def _deed(at: int) -> str:
    return f"labyard-volume-{at}"


def _archive(plan: ServerPlan, entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for entry, content in entries:
            entry.uid, entry.gid = _user(plan.user)
            tar.addfile(entry, io.BytesIO(content))
        end = tar.offset
    # Only the two blocks that end it: Podman stops reading there, and trips over more padding.
    return archive.getvalue()[: end + 2 * tarfile.BLOCKSIZE]


def _user(user: str) -> tuple[int, int]:
    uid, _, gid = user.partition(":")
    return int(uid), int(gid or uid)


def _mount(mount: Mount, labels: Mapping[str, Mapping[str, str]]) -> Body:
    body = {"Source": mount.source, "Target": mount.target, "ReadOnly": mount.read_only}
    if mount.kind is MountKind.BIND:
        return {"Type": "bind", **body}
    # The labels count where the volume is lost between its making and the container's.
    options = {"Labels": dict(labels.get(mount.source, {}))}
    return {"Type": "volume", **body, "VolumeOptions": options}


def _scratch(plan: ServerPlan, labels: Mapping[str, str]) -> list[Body]:
    """Return nameless volumes: they go with the container, and are writable below a read-only root.

    ``/tmp`` is on disk, not in memory: what pip unpacks there must not count as the lab's memory.
    """
    taken = {m.target for m in plan.mounts}
    return [
        {"Type": "volume", "Target": target, "VolumeOptions": {"Labels": dict(labels)}}
        for target in (*_SCRATCH, *plan.scratch)
        if target not in taken
    ]


def _limits(plan: ServerPlan) -> Body:
    limits: Body = {"PidsLimit": plan.hardening.pids}
    if plan.memory is not None:
        limits |= {"Memory": plan.memory, "MemorySwap": plan.memory}
    if plan.cpu is not None:
        limits["NanoCpus"] = round(plan.cpu * 1e9)
    return limits


def _devices(gpus: Sequence[str]) -> list[Body]:
    """Return the requests for GPUs: CDI devices by their qualified names, others by UUID."""
    by_driver = {
        "cdi": [gpu for gpu in gpus if "=" in gpu],
        "nvidia": [gpu for gpu in gpus if "=" not in gpu],
    }
    return [
        {
            "Driver": driver,
            "DeviceIDs": ids,
            "Capabilities": [["gpu"]] if driver == "nvidia" else [],
        }
        for driver, ids in by_driver.items()
        if ids
    ]


def _hardening(plan: ServerPlan) -> Body:
    rules = plan.hardening
    return {
        "Init": True,
        "Privileged": False,
        "IpcMode": "private",
        "ReadonlyRootfs": rules.read_only_root,
        "CapDrop": ["ALL"] if rules.drop_capabilities else _NEVER,
        **({"CapAdd": list(_ROOT)} if rules.root else {}),
        "SecurityOpt": ["no-new-privileges"] if rules.no_new_privileges else [],
        "LogConfig": {
            "Type": "json-file",
            "Config": {"max-size": str(rules.log_bytes), "max-file": str(rules.log_files)},
        },
    }


def with_ulimits(body: Body, ulimits: Mapping[str, tuple[int, int]]) -> Body:
    """Return the body of a container that has limits where the engine's own would not do."""
    if not ulimits:
        return body
    return {**body, "HostConfig": {**body["HostConfig"], "Ulimits": _ulimits(ulimits)}}


def _ulimits(ulimits: Mapping[str, tuple[int, int]]) -> list[Body]:
    return [{"Name": n, "Soft": soft, "Hard": hard} for n, (soft, hard) in sorted(ulimits.items())]
