"""The nouns the rooms hand to each other. All of them are plain, frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import IPv4Network


@dataclass(frozen=True, slots=True)
class Owner:
    """A user of the hub. ``id`` outlives a rename, ``name`` does not."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ServerRef:
    """Which server of which user; ``server`` is empty for the default one."""

    owner: Owner
    server: str = ""


# Whom labs in containers run as: user and group ids.
LAB_USER = "1000:1000"


class MountKind(StrEnum):
    """Where the content of a mount lives."""

    VOLUME = "volume"
    BIND = "bind"


@dataclass(frozen=True, slots=True)
class Mount:
    """One directory of a lab that outlives it.

    ``source`` is a volume's name, or a host path for a bind mount; ``key`` is the name of the
    volume in the settings (``home``, ``workspace``...).
    """

    key: str
    source: str
    target: str
    kind: MountKind = MountKind.VOLUME
    read_only: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Socket:
    """An engine's own socket: its path on the host, and the id of the group that may use it."""

    path: str
    group: int


@dataclass(frozen=True, slots=True)
class Hardening:
    """What a lab may not do. ``root`` says that its programs may become the container's root."""

    read_only_root: bool = True
    drop_capabilities: bool = True
    no_new_privileges: bool = True
    root: bool = False
    pids: int = 512
    log_bytes: int = 10 * 2**20
    log_files: int = 3


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """The network all labs of one user share.

    ``block`` is the private block that subnets of ``prefix`` bits are carved from.
    """

    name: str
    block: IPv4Network
    prefix: int
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """Everything an engine needs to make one lab. Made by ``spawners.plan``, a pure function.

    ``environment`` is public: it is seen in inspect. ``secrets`` are environment variables too, but
    reach the lab through a file that only its own user can read. ``cpu`` is a number of cores,
    ``memory`` and ``shm`` are bytes; None means no limit. ``gpus`` are ids of GPUs, or names of CDI
    devices. ``volume_labels`` go on volumes that are made for this plan. What is written below
    ``scratch`` goes with the lab; ``volume_options`` are the engine's, for volumes that are shares of file
    servers, passwords included. ``groups`` are ids of groups that its user is in besides.
    """

    ref: ServerRef
    name: str
    hostname: str
    image: str
    command: tuple[str, ...]
    port: int
    user: str
    working_dir: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    cpu: float | None = None
    memory: int | None = None
    shm: int = 64 * 2**20
    gpus: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    network: NetworkPlan | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    volume_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    volume_options: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    hardening: Hardening = field(default_factory=Hardening)


class LabStatus(StrEnum):
    """What the engine says about a lab."""

    CREATED = "created"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab as the engine sees it now. ``host`` and ``port`` are set while it runs.

    Of one that ended, ``out_of_memory`` says whether the kernel killed its program at the limit, and
    ``leaving`` whether it is being removed.
    """

    id: str
    name: str
    status: LabStatus
    image: str
    labels: Mapping[str, str]
    started_at: datetime | None = None
    exit_code: int | None = None
    host: str | None = None
    port: int | None = None
    out_of_memory: bool = False
    ended_at: datetime | None = None
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as the engine sees it now. Adopted volumes carry no labels of ours.

    ``foreign`` says that it is a file system of somebody's making, not a directory of the engine's.
    """

    name: str
    labels: Mapping[str, str]
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """What a volume holds: ``bytes`` on disk and how many ``files``.

    ``whole`` is False when time was up before all was seen: it holds at least that much.
    """

    bytes: int
    files: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Unpacking:
    """Where files go in a volume, and whose they become.

    ``folder`` is relative to the volume and made if need be, empty for its top; ``user`` is
    ``uid:gid`` as in a plan. Without ``overwrite`` a file that is there already refuses them all.
    """

    owner: Owner
    user: str = LAB_USER
    folder: str = ""
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far an image has come. ``total`` is 0 until the engine knows it; both are bytes."""

    done: int
    total: int


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a lab used when it was ``taken``: ``cpu`` in cores, ``memory`` in bytes."""

    cpu: float
    memory: int
    taken: datetime = field(default_factory=_now, compare=False)


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What answers behind an engine's address, e.g. ``Docker 20.10.24``.

    ``cores`` and ``memory`` (bytes) are the machine's, ``available`` what of its memory can be given
    now; None where nobody can tell.
    """

    kind: str
    version: str
    isolated: bool
    cgroup: str = ""
    cores: int | None = None
    memory: int | None = None
    available: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)


class Happening(StrEnum):
    """What may happen to a lab."""

    STARTED = "started"
    MEMORY = "memory"  # the kernel ended a process of a lab that goes on
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LabEvent:
    """Something that happened to a lab at ``at``.

    ``memory`` is the lab's limit in bytes. Of an end, ``exit_code`` is known, ``killed`` says that it was
    for want of memory, and ``asked`` that somebody had the engine end it; not every engine tells.
    """

    kind: Happening
    lab: str
    labels: Mapping[str, str]
    at: datetime
    memory: int | None = None
    exit_code: int | None = None
    killed: bool = False
    asked: bool = False
