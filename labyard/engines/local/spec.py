"""From a lab's record to the order its keeper carries out. Pure: decides, touches nothing.

A process of this machine cannot have directories mounted. So the paths of the plan are mapped: a
mount's target becomes the volume's own directory, ``/tmp`` and a home without a volume become
directories of the lab, and environment values that lie below one of these follow. Where one mount
lies below another (``/home/lab/workspace`` in ``/home``), a link stands in its place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from labyard.core.models import Mount, MountKind
from labyard.core.names import USER
from labyard.engines.local.record import Record

LOOPBACK = "127.0.0.1"
SECRETS = "LABYARD_SECRETS"
_OPENS = "JUPYTERHUB_ROOT_DIR"
# Where the first account for labs lies: in the range that distributions leave to nobody.
FIRST_ACCOUNT = 1_900_000_000

_PROCESSES = "Labs are processes of this machine here, without containers."
LACKS = dict.fromkeys(("image", "cpu", "memory", "shm", "gpus"), _PROCESSES)
WITHHELD = dict.fromkeys(("volumes", "docker", "sudo"), _PROCESSES)
NOT_APPLIED = "limits of cpu, memory, shm and processes, read-only mounts, network of one's own"


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a lab runs as: a number of its owner's own, and a group for what all share."""

    uid: int
    shared_gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the engine keeps things. Names have been checked: they cannot lead elsewhere."""

    root: Path

    @property
    def labs(self) -> Path:
        """One directory for each lab."""
        return self.root / "labs"

    @property
    def volumes(self) -> Path:
        """One directory for each volume, and beside it a file with its labels."""
        return self.root / "volumes"

    def lab(self, name: str) -> Path:
        """Return a lab's own directory; the lab may pass through it, not look or write."""
        return self.labs / name

    def volume(self, name: str) -> Path:
        """Return a volume's directory."""
        return self.volumes / name


@dataclass(frozen=True, slots=True)
class Order:
    """What a keeper does: make ``folders`` and ``links``, then run ``command`` and see to its end.

    ``links`` are (where, to). ``account`` is None where labs run as the hub's own account.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: str
    folders: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    account: Account | None
    no_new_privileges: bool
    log_bytes: int
    log_files: int


def home(local: Path, installation: str, euid: int) -> Path:
    """Return where an installation's labs live: ``local``, in its data directory.

    Labs that root starts run as accounts of their own, which the data directory shuts out, and so may
    directories above it, such as ``/root``. Theirs is a place that every account can reach.
    """
    return Path("/var/lib/labyard") / installation if euid == 0 else local


def account(owner_id: int, euid: int) -> Account | None:
    """Return whom a lab of ``owner_id`` runs as; None unless root runs the hub."""
    return Account(FIRST_ACCOUNT + owner_id, FIRST_ACCOUNT) if euid == 0 else None


def order(lab: Record, place: Place, tools: Path, euid: int) -> Order:
    """Return the order to run ``lab`` on ``lab.port`` with the programs in ``tools`` first."""
    paths = _paths(lab, place)
    home = _mapped(lab.home, paths) or lab.home
    links = _links(lab, paths, home)
    return Order(
        command=tuple(str(lab.port) if a == str(lab.plan_port) else a for a in lab.command),
        environment=_environment(lab, place, paths, tools),
        directory=_mapped(lab.working_dir, paths) or home,
        folders=_folders(lab, paths, home, links),
        links=links,
        account=account(lab.owner_id, euid),
        no_new_privileges=lab.no_new_privileges,
        log_bytes=lab.log_bytes,
        log_files=lab.log_files,
    )


def _paths(lab: Record, place: Place) -> Mapping[str, str]:
    """Return where the paths of the plan really are."""
    own = place.lab(lab.name)
    paths = {"/tmp": str(own / "tmp"), **{m.target: _source(m, place) for m in lab.mounts}}  # noqa: S108
    return paths if _mapped(lab.home, paths) else {**paths, lab.home: str(own / "home")}


def _source(mount: Mount, place: Place) -> str:
    return mount.source if mount.kind is MountKind.BIND else str(place.volume(mount.source))


def _mapped(value: str, paths: Mapping[str, str]) -> str | None:
    """Return where the absolute path ``value`` really is; None if it is mapped nowhere."""
    path = PurePosixPath(value)
    above = [target for target in paths if path.is_relative_to(target)]
    if not path.is_absolute() or not above:
        return None
    target = max(above, key=len)
    return str(PurePosixPath(paths[target]) / path.relative_to(target))


def _folders(
    lab: Record, paths: Mapping[str, str], home: str, links: tuple[tuple[str, str], ...]
) -> tuple[str, ...]:
    """Return what has to be there: the home, where links go, and where JupyterLab opens."""
    opens = _mapped(lab.environment.get(_OPENS, ""), paths)
    above = {str(PurePosixPath(where).parent) for where, _ in links}
    return (home, *sorted(above | ({opens} if opens else set()) - {home}))


def _environment(
    lab: Record, place: Place, paths: Mapping[str, str], tools: Path
) -> dict[str, str]:
    mapped = {name: _mapped(value, paths) or value for name, value in lab.environment.items()}
    user = lab.labels.get(USER, "lab")
    home = _mapped(lab.home, paths) or lab.home
    return {
        "LANG": "C.UTF-8",
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/bash",
        "TMPDIR": paths["/tmp"],  # noqa: S108
        **mapped,
        **_service_url(lab),
        "HOME": home,
        "PATH": f"{tools}:{os.defpath.lstrip(':')}:/usr/local/bin:{home}/.local/bin",
        SECRETS: str(place.lab(lab.name) / "secrets.json"),
    }


def _service_url(lab: Record) -> dict[str, str]:
    """Return the address the lab is told to listen on: loopback, and its own port."""
    name = "JUPYTERHUB_SERVICE_URL"
    if name not in lab.environment:
        return {}
    return {
        name: urlsplit(lab.environment[name])._replace(netloc=f"{LOOPBACK}:{lab.port}").geturl()
    }


def _links(lab: Record, paths: Mapping[str, str], home: str) -> tuple[tuple[str, str], ...]:
    """Return the links that stand for mounts: in their parent's place, else in the home."""
    links = []
    for mount in sorted(lab.mounts, key=lambda m: m.target):
        target = PurePosixPath(mount.target)
        if PurePosixPath(lab.home).is_relative_to(target):
            continue
        rest = {at: to for at, to in paths.items() if at not in (mount.target, "/tmp")}  # noqa: S108
        links.append((_mapped(mount.target, rest) or f"{home}/{target.name}", paths[mount.target]))
    return tuple(links)
