"""From a user, the settings and the options to the plan of one lab. Pure: decides, does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from types import MappingProxyType

from labyard.core.models import (
    LAB_USER,
    Hardening,
    Mount,
    MountKind,
    NetworkPlan,
    ServerPlan,
    ServerRef,
    Socket,
)
from labyard.core.names import CPU, GPUS, MEMORY, Names
from labyard.options.declaration import Options
from labyard.settings.schema import HardeningSettings, Services, Settings

# Credentials of the lab. They never appear in the container's environment, which anybody who may
# inspect it can read; the lab's entry point takes them from a file.
SECRETS = frozenset({"JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"})

PORT = 8888
HOME = "/home/lab"
SUDO_GROUP = 2700  # whom the lab image's sudo obeys: images/lab/setup/sudo
ENGINE_SOCKET = "/var/run/docker.sock"  # where programs look for it

# Where programs in a lab find its web tools, unless ``labs.environment`` says otherwise.
_ADDRESSES = {
    "TENSORBOARD_LOGDIR": "/tmp/tensorboard",  # noqa: S108  inside the lab
    "MLFLOW_TRACKING_URI": "http://localhost:5000",
    "MLFLOW_HOST": "127.0.0.1",
    "MLFLOW_PORT": "5000",
    "MLFLOW_WORKERS": "1",
}


def plan(
    ref: ServerRef,
    settings: Settings,
    names: Names,
    *,
    given: Options,
    command: Sequence[str],
    environment: Mapping[str, str],
    mounts: Sequence[Mount],
    secrets: Mapping[str, str] = MappingProxyType({}),
    labels: Mapping[str, str] = MappingProxyType({}),
    volume_options: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> ServerPlan:
    """Return the plan of ``ref``'s lab.

    ``given`` is what came of the choices (``options.profiles.outcome``); its GPUs are left to
    :func:`with_gpus`. ``environment`` is everything the hub gives the lab, credentials included; they
    are parted here. ``secrets`` and ``labels`` are what the lab gets besides;
    ``volume_options`` are those of mounts that are shares of file servers.
    """
    owner, server = ref.owner, ref.server
    bare = given.mount is False
    return ServerPlan(
        ref=ref,
        name=names.lab(owner.name, server),
        hostname=names.hostname(owner.name, server),
        image=given.image or settings.labs.image,
        command=tuple(command),
        port=PORT,
        user=LAB_USER,
        working_dir=HOME,
        environment={
            **_ADDRESSES,
            **{k: v for k, v in environment.items() if k not in SECRETS},
            **(given.environment or {}),
            **_switches(settings.labs.services),
            "HOME": HOME,
        },
        secrets={**secrets, **{k: v for k, v in environment.items() if k in SECRETS}},
        cpu=given.cpu,
        memory=given.memory,
        shm=given.shm or settings.labs.shm,
        mounts=() if bare else tuple(mounts),
        scratch=_topmost(mounts) if bare else (),
        network=NetworkPlan(
            name=names.network(owner.name),
            block=settings.network.block,
            prefix=settings.network.prefix,
            labels=names.network_labels(owner.id, owner.name),
        ),
        labels={**labels, **names.lab_labels(owner.id, owner.name, server)},
        volume_options=volume_options,
        volume_labels={m.source: _volume_labels(names, ref, m) for m in mounts},
        hardening=_hardening(settings.labs.hardening),
    )


def with_gpus(planned: ServerPlan, gpus: tuple[str, ...]) -> ServerPlan:
    """Return the plan with these GPUs and the label that holds them."""
    if not gpus:
        return planned
    return replace(planned, gpus=gpus, labels={**planned.labels, GPUS: ",".join(gpus)})


def with_engine(planned: ServerPlan, socket: Socket | None) -> ServerPlan:
    """Return the plan with the engine's own socket in it: its user is root on the host, in effect."""
    if socket is None:
        return planned
    mount = Mount("engine", socket.path, ENGINE_SOCKET, kind=MountKind.BIND)
    return replace(planned, mounts=(*planned.mounts, mount), groups=(*planned.groups, socket.group))


def with_sudo(planned: ServerPlan, granted: bool) -> ServerPlan:
    """Return the plan of a lab whose user may become its root, and change its root file system."""
    if not granted:
        return planned
    rules = replace(planned.hardening, root=True, no_new_privileges=False, read_only_root=False)
    return replace(planned, groups=(*planned.groups, SUDO_GROUP), hardening=rules)


def with_limits_told(planned: ServerPlan) -> ServerPlan:
    """Return the plan with labels that tell its limits: they need not be the settings'."""
    told = {CPU: planned.cpu, MEMORY: planned.memory}
    labels = {name: str(limit) for name, limit in told.items() if limit is not None}
    return replace(planned, labels={**planned.labels, **labels})


def _topmost(mounts: Sequence[Mount]) -> tuple[str, ...]:
    """Return where people write below a root that is read-only: their own volumes' places."""
    own = [PurePosixPath(m.target) for m in mounts if not m.shared and not m.read_only]
    return tuple(str(at) for at in own if not set(at.parents) & set(own))


def _switches(services: Services) -> dict[str, str]:
    """Return which web tools are on, as the lab's own configuration asks for it."""
    return {f"ENABLE_SERVICE_{name.upper()}": str(int(on)) for name, on in services}


def _volume_labels(names: Names, ref: ServerRef, mount: Mount) -> Mapping[str, str]:
    if mount.shared:
        return names.shared_volume_labels(mount.key)
    return names.volume_labels(ref.owner.id, ref.owner.name, mount.key)


def _hardening(settings: HardeningSettings) -> Hardening:
    return Hardening(
        read_only_root=settings.read_only_root,
        drop_capabilities=settings.drop_capabilities,
        no_new_privileges=settings.no_new_privileges,
        pids=settings.pids,
        log_bytes=settings.log_size,
        log_files=settings.log_files,
    )
