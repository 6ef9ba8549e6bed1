"""From what an engine answers to the house's own values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from ipaddress import IPv4Address
from typing import Any

from labyard.core.models import EngineInfo, Lab, LabStatus, PullProgress, Volume
from labyard.core.names import ADDRESS
from labyard.engines.host import Memory

Answer = Mapping[str, Any]

_STATES = {
    "created": LabStatus.CREATED,
    "configured": LabStatus.CREATED,
    "initialized": LabStatus.CREATED,
    "running": LabStatus.RUNNING,
    "paused": LabStatus.RUNNING,
    "restarting": LabStatus.RUNNING,
    "stopping": LabStatus.RUNNING,
}
_PODMAN = "Podman Engine"
_LEAVING = ("removing", "dead")
_EXITED = re.compile(r"Exited \((\d+)\)")


def labels(answer: Answer) -> Mapping[str, str]:
    """Return the labels of a container (inspected or listed), volume or network."""
    return answer.get("Labels") or (answer.get("Config") or {}).get("Labels") or {}


def inspected(answer: Answer) -> Lab:
    """Return the lab that an engine's inspection describes."""
    state = answer["State"]
    status = _STATES.get(state["Status"], LabStatus.STOPPED)
    return _lab(
        answer,
        name=answer["Name"],
        image=answer["Config"]["Image"],
        status=status,
        started_at=moment(state.get("StartedAt", "")),
        exit_code=state["ExitCode"] if status is LabStatus.STOPPED else None,
        out_of_memory=bool(state.get("OOMKilled")) and status is LabStatus.STOPPED,
        ended_at=moment(state.get("FinishedAt")) if status is LabStatus.STOPPED else None,
        leaving=state["Status"] in _LEAVING,
    )


def listed(answer: Answer) -> Lab:
    """Return the lab that a row of an engine's list describes; a list tells no start times."""
    status = _STATES.get(answer["State"], LabStatus.STOPPED)
    exited = _EXITED.match(answer.get("Status") or "")
    return _lab(
        answer,
        name=answer["Names"][0],
        image=answer["Image"],
        status=status,
        exit_code=int(exited[1]) if exited and status is LabStatus.STOPPED else None,
    )


def _lab(
    answer: Answer,
    *,
    name: str,
    image: str,
    status: LabStatus,
    started_at: datetime | None = None,
    exit_code: int | None = None,
    out_of_memory: bool = False,
    ended_at: datetime | None = None,
    leaving: bool = False,
) -> Lab:
    host, port = address(answer) if status is LabStatus.RUNNING else (None, None)
    return Lab(
        id=answer["Id"],
        name=name.lstrip("/"),
        status=status,
        image=image,
        labels=labels(answer),
        started_at=started_at,
        exit_code=exit_code,
        out_of_memory=out_of_memory,
        ended_at=ended_at,
        leaving=leaving,
        host=str(host) if host else None,
        port=port,
    )


def address(answer: Answer) -> tuple[IPv4Address | None, int | None]:
    """Return where a lab listens, as its label says."""
    host, _, port = labels(answer).get(ADDRESS, "").rpartition(":")
    return (IPv4Address(host), int(port)) if host else (None, None)


def networks(answer: Answer) -> frozenset[str]:
    """Return the names of the networks a container is in."""
    return frozenset((answer.get("NetworkSettings") or {}).get("Networks") or ())


def moment(text: str | None) -> datetime | None:
    """Return an engine's time (RFC 3339, nanoseconds), or None for its year 1."""
    if not text or text.startswith("0001"):
        return None
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


def volume(answer: Answer) -> Volume:
    """Return the volume that an engine describes."""
    return Volume(answer["Name"], labels(answer), foreign=bool(answer.get("Options")))


def is_podman(version: Answer) -> bool:
    """Tell from ``/version`` whether Podman answered."""
    return _PODMAN in _parts(version)


def _parts(version: Answer) -> dict[str, str]:
    return {c["Name"]: str(c["Version"]) for c in version.get("Components") or ()}


def info(version: Answer, system: Answer, here: Memory | None = None) -> EngineInfo:
    """Return what answers, from ``/version`` and ``/info``.

    ``here`` is this machine's memory: it is the engine's too when both have the same total.
    """
    memory = int(system.get("MemTotal") or 0) or None
    parts = _parts(version)
    podman = parts.get(_PODMAN)
    runc = next((v for name, v in parts.items() if "runc" in name or "crun" in name), "")
    return EngineInfo(
        kind="podman" if podman else "docker",
        version=podman or version["Version"],
        isolated=True,
        cores=system.get("NCPU"),
        memory=memory,
        cgroup=f"v{system.get('CgroupVersion') or '1'}".replace("vv", "v"),
        details={
            "api": str(version["ApiVersion"]),
            "runtime": runc.splitlines()[0] if runc else "",
            "storage": str(system.get("Driver", "")),
            "kernel": str(version.get("KernelVersion", "")),
            "time": str(system.get("SystemTime") or ""),
        },
        available=here.available if here is not None and here.total == memory else None,
    )


class Layers:
    """How far a pull has come, over all layers of the image."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def take(self, line: Answer) -> Iterator[PullProgress]:
        """Take a line of the engine's report and yield the progress, if it tells any."""
        layer, status = line.get("id", ""), line.get("status", "")
        detail = line.get("progressDetail") or {}
        done, total = self._layers.get(layer, (0, 0))
        if status == "Downloading" and detail.get("total"):
            self._layers[layer] = (detail.get("current", 0), detail["total"])
        elif status in ("Download complete", "Pull complete") and done < total:
            self._layers[layer] = (total, total)
        else:
            return
        yield PullProgress(*_sums(self._layers.values()))


def _sums(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    done, total = zip(*pairs, strict=True)
    return sum(done), sum(total)
