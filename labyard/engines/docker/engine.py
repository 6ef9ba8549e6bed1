"""Labs as containers of Docker, or of Podman through its compatible socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing

from labyard.core.models import (
    EngineInfo,
    Lab,
    LabEvent,
    LabStatus,
    Owner,
    PullProgress,
    ServerPlan,
    Size,
    Socket,
    Unpacking,
    Usage,
    Volume,
)
from labyard.core.names import Names
from labyard.engines import checked
from labyard.engines.base import Engine
from labyard.engines.docker.attempt import PAUSES
from labyard.engines.docker.creations import Creations
from labyard.engines.docker.daemon import Daemon
from labyard.engines.docker.errands import Errands
from labyard.engines.docker.images import Images
from labyard.engines.docker.labs import Labs
from labyard.engines.docker.samples import Samples
from labyard.engines.docker.watching import Watch

_NO_SOCKET = "only Docker's socket on the hub's own machine is handed to labs."
_NO_REQUESTS = "Podman passes over what its socket is told about GPUs."


class DockerEngine(Engine):
    """Labs of one installation on one Docker or Podman.

    ``url`` is the engine's address (``unix:///var/run/docker.sock``, ``tcp://host:2375``) and
    ``timeout`` how many seconds one call may take; an image pull is bounded between its reports.
    ``pauses`` are the seconds between looks at what an engine may still make after a call broke off.
    ``errands_image`` is what measures and fills volumes: an image that has a ``python3``. ``podman``
    says that the engine is one.
    """

    def __init__(
        self,
        url: str,
        names: Names,
        *,
        timeout: float = 60.0,
        pauses: Sequence[float] = PAUSES,
        errands_image: str = "",
        podman: bool = False,
    ) -> None:
        self._lacks = {"gpus": _NO_REQUESTS} if podman else {}
        self._podman = podman
        self._daemon = Daemon(url, names, timeout)
        self._images = Images(self._daemon.connection)
        self._labs = Labs(self._daemon)
        self._creations = Creations(self._daemon, pauses)
        self._errands = Errands(self._daemon, errands_image)
        self._samples = Samples(self._daemon.connection)
        self._kills: dict[str, int] = {}  # OOM kills that were told of, by container id

    @property
    def lacks(self) -> Mapping[str, str]:
        """Return which options this engine cannot do: Podman's socket passes over GPU requests."""
        return self._lacks

    @property
    def withholds(self) -> Mapping[str, str]:
        """Return that there is no socket to hand out, where there is none."""
        return {"docker": _NO_SOCKET} if self.socket is None else {}

    @property
    def here(self) -> bool:
        """Return whether the engine is reached by a socket of this machine."""
        return self._daemon.connection.socket is not None

    @property
    def socket(self) -> Socket | None:
        """Return Docker's socket; Podman's belongs to root alone, and no lab gets it."""
        return None if self._podman else self._daemon.connection.socket

    async def info(self) -> EngineInfo:
        """Return what answers, with the API's version and the container runtime in the details."""
        return await self._daemon.info()

    async def has_image(self, image: str) -> bool:
        """Return whether ``image`` can be used without pulling it."""
        return await self._images.has(image)

    def pull(self, image: str) -> AsyncIterator[PullProgress]:
        """Fetch ``image``, telling how many bytes of its layers have come."""
        return self._images.pull(image)

    async def create(self, plan: ServerPlan) -> Lab:
        """Make the lab, its network and missing volumes, or leave nothing new behind."""
        return await self._creations.create(plan)

    async def start(self, name: str) -> Lab:
        """Start a created lab and return it with its address."""
        return await self._labs.start(name)

    async def stop(self, name: str, grace: float) -> None:
        """Stop a lab, killing it after ``grace`` seconds, rounded up."""
        await self._labs.stop(name, grace)

    async def restart(self, name: str, grace: float) -> Lab:
        """Restart a lab in place: same id, same address, new start time."""
        return await self._labs.restart(name, grace)

    async def remove(self, name: str) -> None:
        """Remove a lab and what goes with it; the user's network goes with its last lab."""
        await self._labs.remove(name)

    async def lab(self, name: str) -> Lab | None:
        """Return the lab, or None when the engine is sure that this installation has none."""
        return await self._labs.get(name)

    async def labs(self) -> Sequence[Lab]:
        """Return every lab of this installation, without start times."""
        return await self._labs.all()

    async def logs(self, name: str, lines: int = 100) -> str:
        """Return the last lines a lab wrote to its output and its error output."""
        return await self._labs.logs(name, lines)

    async def follow(self, name: str) -> AsyncGenerator[Usage, None]:
        """Yield what a lab uses, once a second, for as long as it runs."""
        lab = await self.lab(name)
        if lab is None or lab.status is not LabStatus.RUNNING:
            return
        podman = await self._daemon.is_podman()
        async with aclosing(self._samples.follow(lab.id, podman=podman)) as told:
            async for usage in told:
                yield usage

    async def survey(self, names: Collection[str]) -> Mapping[str, Usage]:
        """Return what these labs use on average since the last survey, or over a second."""
        labs = [lab for lab in await self.labs() if lab.status is LabStatus.RUNNING]
        return await self._samples.survey({lab.name: lab.id for lab in labs if lab.name in names})

    def watch(self) -> AsyncGenerator[LabEvent, None]:
        """Yield what happens to labs."""
        return Watch(self._daemon.connection, self._daemon.names.installation, self._kills).events()

    async def report(self, name: str) -> bytes:
        """Return what a lab's own program says of it; empty if nothing."""
        return await self._labs.report(name)

    async def volumes(self, prefix: str = "") -> Sequence[Volume]:
        """Return this installation's volumes, and unlabelled ones that start with ``prefix``."""
        return await self._daemon.volumes.list(prefix)

    async def remove_volume(self, name: str) -> None:
        """Remove a volume. Raises ``Busy``, ``NotFound``, or ``Refused`` for one that is not ours."""
        await self._daemon.volumes.remove(checked.name(name))

    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        """Measure volumes in one container that can only read."""
        return await self._errands.measure([checked.name(v) for v in volumes], seconds)

    async def archive(
        self, volume: str, owner: Owner, folder: str = ""
    ) -> AsyncGenerator[bytes, None]:
        """Yield a tar that the engine makes itself: no container runs for it."""
        name = checked.name(volume).rpartition("_")[2]
        async with aclosing(self._errands.archive(volume, name, folder)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def unpack(self, volume: str, tar: AsyncIterator[bytes], how: Unpacking) -> None:
        """Have the engine unpack a tar aside, and a container without rights move what came."""
        await self._errands.unpack(checked.name(volume), tar, how)

    async def sweep(self) -> None:
        """Remove the containers that errands of a killed process left, and half-done uploads."""
        await self._errands.sweep()

    async def close(self) -> None:
        """Let go of connections, and of what is still being taken back."""
        await self._creations.close()
        await self._daemon.connection.close()
