"""Who uses how much of the machine, now and in the last ten minutes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labyard.core.models import LabStatus, Owner, Usage
from labyard.core.names import USER_ID
from labyard.core.units import show_bytes
from labyard.volumes.sizes import Measured
from labyard.web.sampler import Snapshot

_SHOWN = 20  # people
# What :meth:`Activity.as_json` returns.
TOLD = {
    "running": int,
    "cpu": float,
    "cores": int | None,
    "memory": int,
    "host_memory": int | None,
    "disk": int,
    "volumes": int,
    "users": [{"user": str, "labs": int, "cpu": float, "cpu_lately": float, "memory": int}],
}


@dataclass(frozen=True, slots=True)
class Share:
    """What one person's labs use: cores now and on average lately, and bytes of memory."""

    user_id: int
    labs: int
    cpu: float
    lately: float
    memory: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What everybody's labs use together, and who uses most, the most processor first.

    ``cores`` and ``memory_of`` (bytes) are the machine's, None where nobody can tell; ``known`` is of how
    many running labs figures are there; ``disk`` is bytes of the volumes that were measured.
    """

    running: int
    known: int
    cpu: float
    cores: int | None
    memory: int
    memory_of: int | None
    disk: int
    volumes: int
    shares: Sequence[Share]

    def as_json(self, names: Mapping[int, Owner]) -> dict[str, Any]:
        """Return it for REST, with people's names."""
        return {
            "running": self.running,
            "cpu": round(self.cpu, 3),
            "cores": self.cores,
            "memory": self.memory,
            "host_memory": self.memory_of,
            "disk": self.disk,
            "volumes": self.volumes,
            "users": [
                {
                    "user": names[share.user_id].name,
                    "labs": share.labs,
                    "cpu": round(share.cpu, 3),
                    "cpu_lately": round(share.lately, 3),
                    "memory": share.memory,
                }
                for share in self.shares
                if share.user_id in names
            ],
        }


def view_activity(snapshot: Snapshot, sizes: Mapping[str, Measured]) -> Activity:
    """Return what the snapshot tells. Nothing here asks the engine."""
    labs = [lab for lab in snapshot.labs.values() if lab.status is LabStatus.RUNNING]
    told: dict[int, list[Sequence[Usage]]] = defaultdict(list)
    for lab in labs:
        whose = lab.labels.get(USER_ID, "")
        if whose.isdigit() and (samples := snapshot.history.get(lab.id)):
            told[int(whose)].append(samples)
    shares = [_share(user_id, each) for user_id, each in told.items()]
    info = snapshot.info
    return Activity(
        running=len(labs),
        known=sum(share.labs for share in shares),
        cpu=sum(share.cpu for share in shares),
        cores=info.cores if info else None,
        memory=sum(share.memory for share in shares),
        memory_of=info.memory if info else None,
        disk=sum(measured.size.bytes for measured in sizes.values()),
        volumes=len(sizes),
        shares=sorted(shares, key=lambda share: (-share.lately, -share.memory))[:_SHOWN],
    )


def _share(user_id: int, labs: Sequence[Sequence[Usage]]) -> Share:
    return Share(
        user_id,
        labs=len(labs),
        cpu=sum(samples[-1].cpu for samples in labs),
        lately=sum(sum(usage.cpu for usage in samples) / len(samples) for samples in labs),
        memory=sum(samples[-1].memory for samples in labs),
    )


def percent(value: float, of: float | None) -> int | None:
    """Return a share of the whole in percent, None where the whole is not known."""
    return min(100, round(100 * value / of)) if of else None


def totals(activity: Activity) -> Sequence[tuple[str, str, str, int | None]]:
    """Return the totals as title, value, what it is of, and percent."""
    cores, memory = activity.cores, activity.memory_of
    volumes = f"in {activity.volumes} measured volume{'' if activity.volumes == 1 else 's'}"
    return (
        ("Labs", str(activity.running), "running", None),
        (
            "CPU",
            f"{activity.cpu:.1f}",
            f"of {cores} cores" if cores else "cores",
            percent(activity.cpu, cores),
        ),
        (
            "Memory",
            show_bytes(activity.memory),
            f"of {show_bytes(memory)}" if memory else "",
            percent(activity.memory, memory),
        ),
        ("Disk", show_bytes(activity.disk), volumes, None),
    )
