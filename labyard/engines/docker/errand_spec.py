"""The containers that do something with volumes, in the engine's own terms. Pure.

A *holder* never runs: through it the engine itself reads and writes its one volume. A *runner* runs
``engines/errand.py`` and ends. Neither has a network, and nothing but volumes can be written.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labyard.core.names import ERRAND
from labyard.engines import errand
from labyard.engines.docker.spec import Body

VOLUME = "/labyard"  # where a holder and a runner have their volume
_MANY = "/labyard-volumes"
_MEMORY = 512 * 2**20  # bytes
_PIDS = 16
_LOG = 2**20  # bytes
_SCRATCH = re.compile(re.escape(errand.SCRATCH) + r"(upload-[0-9a-f]{16})")

PROGRAM = Path(errand.__file__).read_text()

# Nobody but whom a volume's files belong to; whoever looks at them all; whoever clears up.
_READS = ("DAC_READ_SEARCH",)
_CLEARS = ("DAC_OVERRIDE", "FOWNER")


def scratch(mark: str) -> str:
    """Return the directory in a volume's top that an upload marked ``mark`` is gathered in."""
    return f"{errand.SCRATCH}{mark}"


def upload_of(directory: str) -> str | None:
    """Return the mark of the upload that :func:`scratch` named a directory for; None for any other."""
    found = _SCRATCH.fullmatch(directory)
    return found[1] if found else None


def holder(image: str, volume: str, name: str, labels: Mapping[str, str], mark: str) -> Body:
    """Return the body of a container with ``volume`` at ``/labyard/{name}``."""
    return {
        "Image": image,
        "Entrypoint": ["true"],
        "Cmd": [],
        "Labels": {**labels, ERRAND: mark},
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "Mounts": [_mount(volume, f"{VOLUME}/{name}")],
        },
    }


def measuring(
    image: str, volumes: Sequence[str], seconds: float, labels: Mapping[str, str], mark: str
) -> Body:
    """Return the body of a runner that measures ``volumes``."""
    places = [f"{_MANY}/{at}" for at in range(len(volumes))]
    mounts = [
        _mount(volume, place, read_only=True) for volume, place in zip(volumes, places, strict=True)
    ]
    orders = {"do": "survey", "places": places, "seconds": seconds}
    return _runner(image, orders, mounts, labels, mark, user="0:0", capabilities=_READS)


def keeping(
    image: str, volume: str, labels: Mapping[str, str], mark: str, *, user: str, **how: Any
) -> Body:
    """Return the body of a runner that moves what was uploaded to where it belongs."""
    orders = {"do": "keep", "root": VOLUME, "scratch": f"{VOLUME}/{scratch(mark)}", **how}
    return _runner(image, orders, [_mount(volume, VOLUME)], labels, mark, user=user)


def clearing(
    image: str, volume: str, labels: Mapping[str, str], mark: str, *, user: str = ""
) -> Body:
    """Return the body of a runner that removes what an upload that failed left.

    A ``user`` may remove what is theirs; without one it is removed whosever it is.
    """
    orders = {"do": "put_back", "root": VOLUME, "scratch": f"{VOLUME}/{scratch(mark)}"}
    mounts = [_mount(volume, VOLUME)]
    rights = () if user else _CLEARS
    return _runner(image, orders, mounts, labels, mark, user=user or "0:0", capabilities=rights)


def folders(mark: str, user: str) -> bytes:
    """Return a tar to unpack in a volume's top: the directory to gather an upload in."""
    uid, _, gid = user.partition(":")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in (scratch(mark), f"{scratch(mark)}/{errand.NEW}"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o700
            entry.uid, entry.gid = int(uid), int(gid or uid)
            tar.addfile(entry)
        end = tar.offset
    return archive.getvalue()[: end + 2 * tarfile.BLOCKSIZE]  # Podman trips over more padding


def _runner(
    image: str,
    orders: Mapping[str, Any],
    mounts: Sequence[Body],
    labels: Mapping[str, str],
    mark: str,
    *,
    user: str,
    capabilities: Sequence[str] = (),
) -> Body:
    return {
        "Image": image,
        "Entrypoint": ["python3", "-I", "-c", PROGRAM],
        "Cmd": [json.dumps(orders)],
        "User": user,
        "WorkingDir": "/",
        "Labels": {**labels, ERRAND: mark},
        "HostConfig": {
            "NetworkMode": "none",
            "Mounts": list(mounts),
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "CapAdd": list(capabilities),
            "SecurityOpt": ["no-new-privileges"],
            "IpcMode": "private",
            "PidsLimit": _PIDS,
            "Memory": _MEMORY,
            "MemorySwap": _MEMORY,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": str(_LOG), "max-file": "1"}},
        },
    }


def _mount(volume: str, target: str, *, read_only: bool = False) -> Body:
    return {
        "Type": "volume",
        "Source": volume,
        "Target": target,
        "ReadOnly": read_only,
        "VolumeOptions": {"NoCopy": True},
    }
