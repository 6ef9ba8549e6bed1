"""From a user, the settings and the options to the plan of one lab. Pure: decides, does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from labyard.core.models import LAB_USER, Hardening, Mount, NetworkPlan, ServerPlan, ServerRef
from labyard.core.names import Names
from labyard.settings.schema import HardeningSettings, Services, Settings

# Credentials of the lab. They never appear in the container's environment, which anybody who may
# inspect it can read; the lab's entry point takes them from a file.
SECRETS = frozenset({"JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"})

PORT = 8888
HOME = "/home/lab"

# Where programs in a lab find its web tools, unless ``labs.environment`` says otherwise.
_ADDRESSES = {
    "TENSORBOARD_LOGDIR": "/tmp/tensorboard",  # noqa: S108  inside the lab
    "MLFLOW_TRACKING_URI": "http://localhost:5000",
}


def plan(
    ref: ServerRef,
    settings: Settings,
    names: Names,
    *,
    image: str,
    cpu: float | None,
    memory: int | None,
    command: Sequence[str],
    environment: Mapping[str, str],
    mounts: Sequence[Mount],
    secrets: Mapping[str, str] = MappingProxyType({}),
    labels: Mapping[str, str] = MappingProxyType({}),
) -> ServerPlan:
    """Return the plan of ``ref``'s lab.

    ``cpu`` is in cores, ``memory`` in bytes, None for no limit. ``environment`` is everything the hub
    gives the lab, credentials included; they are parted here. ``secrets`` and ``labels`` are what the
    lab gets besides.
    """
    owner, server = ref.owner, ref.server
    return ServerPlan(
        ref=ref,
        name=names.lab(owner.name, server),
        hostname=names.hostname(owner.name, server),
        image=image,
        command=tuple(command),
        port=PORT,
        user=LAB_USER,
        working_dir=HOME,
        environment={
            **_ADDRESSES,
            **{k: v for k, v in environment.items() if k not in SECRETS},
            **_switches(settings.labs.services),
            "HOME": HOME,
        },
        secrets={**secrets, **{k: v for k, v in environment.items() if k in SECRETS}},
        cpu=cpu,
        memory=memory,
        shm=settings.labs.shm,
        mounts=tuple(mounts),
        network=NetworkPlan(
            name=names.network(owner.name),
            block=settings.network.block,
            prefix=settings.network.prefix,
            labels=names.network_labels(owner.id, owner.name),
        ),
        labels={**labels, **names.lab_labels(owner.id, owner.name, server)},
        volume_labels={m.source: _volume_labels(names, ref, m) for m in mounts},
        hardening=_hardening(settings.labs.hardening),
    )


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
