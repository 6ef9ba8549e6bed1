"""From what groups grant to what a lab mounts. Pure, but for looking at directories of this machine."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from labyard.core.errors import Refused
from labyard.core.models import LAB_USER, Mount, MountKind
from labyard.core.names import Names
from labyard.settings.storage import Extra, FileServer, Source, Storage

_KEY = re.compile(r"[a-z][a-z0-9]{0,19}")
# Nobody is granted these, what is in them, or what they are in.
_NEVER = tuple(
    Path(f"/{name}")
    for name in (
        *("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "usr"),
        *("var/run", "var/log", "var/lib/docker", "var/lib/containers", "var/lib/containerd"),
    )
)
_REMEDY = "Tell an administrator: `labyard policy check` shows which group grants it."


@dataclass(frozen=True, slots=True)
class Granted:
    """Mounts, and by the names of volumes that are not the engine's own directories, their options."""

    mounts: tuple[Mount, ...] = ()
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)


def granted(
    extras: Iterable[Extra],
    storage: Storage,
    names: Names,
    *,
    taken: Sequence[str],
    private: Sequence[Path],
    here: bool,
) -> Granted:
    """Return what a lab mounts for ``extras``.

    ``taken`` are the targets of everybody's volumes, ``private`` directories that nobody is granted, and
    ``here`` says whether the engine's host is this machine.

    Raises
    ------
    Refused
        When one of them may not be had: nothing is left out silently.
    """
    mounts: list[Mount] = []
    options: dict[str, Mapping[str, str]] = {}
    for each in extras:
        _check_target(each, taken)
        mount, opened = _mount(each, storage, names, private, here)
        mounts.append(mount)
        options |= opened
    return Granted(tuple(mounts), options)


def _mount(
    each: Extra, storage: Storage, names: Names, private: Sequence[Path], here: bool
) -> tuple[Mount, Mapping[str, Mapping[str, str]]]:
    match each.kind:
        case Source.HOST:
            if not here:
                raise _refused(each, "the engine is on another machine")
            source = host_directory(each, [Path(root) for root in storage.roots], private)
            return _made(each, source, MountKind.BIND), {}
        case Source.VOLUME if each.source in storage.volumes:
            return _made(each, each.source, MountKind.VOLUME), {}
        case Source.VOLUME:
            if not _KEY.fullmatch(each.source):
                raise _refused(each, "storage.volumes in the settings does not name it")
            return _made(each, names.shared_volume(each.source), MountKind.VOLUME), {}
        case _:
            options = _options(each, _server(each, storage))
            digest = hashlib.blake2b(json.dumps(options).encode(), digest_size=8).hexdigest()
            source = names.shared_volume(f"share{digest}")
            return _made(each, source, MountKind.VOLUME), {source: options}


def _made(each: Extra, source: str, kind: MountKind) -> Mount:
    key = each.source if each.kind is Source.VOLUME else PurePosixPath(each.target).name
    return Mount(key, source, each.target, kind, read_only=each.read_only, shared=True)


def _check_target(each: Extra, taken: Sequence[str]) -> None:
    target = PurePosixPath(each.target)
    for other in taken:
        if PurePosixPath(other).is_relative_to(target):
            raise _refused(each, f"it would cover {other}, which everybody has")


def host_directory(each: Extra, roots: Iterable[Path], private: Sequence[Path]) -> str:
    """Return where a directory of this machine really is.

    Raises
    ------
    Refused
        When that is not below one of ``roots``, is one of the system's or of ``private``, is no
        directory, or could be swapped for another one by somebody who is not root.
    """
    path = Path(os.path.realpath(each.source))
    root = next((real for real in map(_real, roots) if path.is_relative_to(real)), None)
    if root is None:
        raise _refused(each, "it is not below any of storage.roots in the settings")
    for never in (*_NEVER, *map(_real, _NEVER), *map(_real, private)):
        if path.is_relative_to(never) or never.is_relative_to(path):
            raise _refused(each, f"it would reach {never}")
    if not path.is_dir():
        raise _refused(each, "there is no such directory")
    labs = int(LAB_USER.partition(":")[0])
    trusted = {0, os.geteuid()} - {labs}  # a hub of the labs' own account can be played by a lab
    for above in _between(root, path):
        found = above.stat()
        if found.st_uid not in trusted or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise _refused(
                each, f"others than root may change {above}, and put a link in its place"
            )
    return str(path)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _between(root: Path, path: Path) -> Iterator[Path]:
    """Yield the directories from ``root`` down to the one that ``path`` is in."""
    yield from (above for above in path.parents if above.is_relative_to(root))


def _server(each: Extra, storage: Storage) -> FileServer:
    for server in storage.servers:
        if server.address == each.server:
            return server
    raise _refused(each, f"storage.servers in the settings does not name {each.server}")


def _options(each: Extra, server: FileServer) -> Mapping[str, str]:
    """Return what the engine's local driver mounts a share with."""
    uid, _, gid = LAB_USER.partition(":")
    given = {"addr": server.address, "vers": server.version}
    if each.kind is Source.CIFS:
        given |= {"username": server.username, "password": server.password, "domain": server.domain}
        given |= {"uid": uid, "gid": gid, "file_mode": "0660", "dir_mode": "0770"}
        device, bare = each.source, () if server.username else ("guest",)
    else:
        device, bare = f":{each.path}", ("nolock",)
    words = [*(f"{name}={value}" for name, value in given.items() if value), *bare]
    return {"type": each.kind.value, "device": device, "o": ",".join([*words, "nosuid", "nodev"])}


def _refused(each: Extra, why: str) -> Refused:
    return Refused(f"{each} is granted to you, but {why}.", remedy=_REMEDY)
