"""One Docker or Podman as an installation meets it: the way there, what it is, what lies on it."""

from __future__ import annotations

import resource
from collections.abc import Mapping

from labyard.core.models import EngineInfo
from labyard.core.names import Names
from labyard.engines import host
from labyard.engines.docker import read
from labyard.engines.docker.connect import Connection
from labyard.engines.docker.user_networks import UserNetworks
from labyard.engines.docker.user_volumes import UserVolumes

# Podman lowers the number of processes to this for itself, and cannot give more than it has.
_PODMAN_PROCESSES = 32768

Ulimits = Mapping[str, tuple[int, int]]


class Daemon:
    """What everything that is done on one engine works with.

    ``url`` is its address and ``timeout`` how many seconds one call may take.
    """

    def __init__(self, url: str, names: Names, timeout: float) -> None:
        self.names = names
        self.connection = Connection(url, timeout)
        self.networks = UserNetworks(self.connection, names.installation)
        self.volumes = UserVolumes(self.connection, names)
        self._system: read.Answer = {}
        self._podman: bool | None = None

    async def info(self) -> EngineInfo:
        """Return what answers, with the API's version and the container runtime in the details."""
        version = await self._version()
        if not self._system:
            self._system = await self.connection.call("asking", lambda d: d.system.info())
        return read.info(version, self._system, host.memory())

    async def is_podman(self) -> bool:
        """Return whether what answers is Podman.

        Its version says so. All that it says of itself would take seconds: Podman asks the system's
        packages which of them each of its programs is from.
        """
        if self._podman is None:
            self._podman = read.is_podman(await self._version())
        return self._podman

    async def ulimits(self) -> Ulimits:
        """Return the limits to ask for: Podman raises its own defaults, which not all hosts allow."""
        return _podman_limits() if await self.is_podman() else {}

    async def _version(self) -> read.Answer:
        return await self.connection.call("asking for the version", lambda d: d.version())


def _podman_limits() -> Ulimits:
    """Return this process's own limits, which its neighbour Podman may be expected to have too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    most = _PODMAN_PROCESSES if hard == resource.RLIM_INFINITY else min(hard, _PODMAN_PROCESSES)
    return {
        "nofile": resource.getrlimit(resource.RLIMIT_NOFILE),
        "nproc": (most if soft == resource.RLIM_INFINITY else min(soft, most), most),
    }
