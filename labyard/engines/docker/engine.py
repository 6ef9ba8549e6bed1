"""Labs as containers of Docker, or of Podman through its compatible socket."""

from __future__ import annotations

import asyncio
import math
import re
import resource
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from aiodocker.containers import DockerContainer

from labyard.core.errors import (
    EngineError,
    EngineUnreachable,
    NotFound,
    Refused,
)
from labyard.core.models import (
    EngineInfo,
    Lab,
    LabEvent,
    LabStatus,
    Owner,
    PullProgress,
    ServerPlan,
    Size,
    Unpacking,
    Usage,
    Volume,
)
from labyard.core.names import INSTALLATION, KIND, Kind, Names
from labyard.engines import host
from labyard.engines.base import Engine
from labyard.engines.docker import read, report
from labyard.engines.docker.attempt import PAUSES, Attempt, Claims
from labyard.engines.docker.connect import Connection
from labyard.engines.docker.errands import Errands
from labyard.engines.docker.failures import NoImage, unreachable
from labyard.engines.docker.samples import Samples
from labyard.engines.docker.user_networks import UserNetworks
from labyard.engines.docker.user_volumes import UserVolumes
from labyard.engines.docker.watching import Watch

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_IMAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_:@-]|[./](?=[A-Za-z0-9]))*")
# Podman lowers the number of processes to this for itself, and cannot give more than it has.
_PODMAN_PROCESSES = 32768
_NO_REQUESTS = "Podman passes over what its socket is told about GPUs."
_REMOVAL = 0.2  # seconds between looks at a container that somebody else removes


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
        self._connection = Connection(url, timeout)
        self._lacks = {"gpus": _NO_REQUESTS} if podman else {}
        self._names = names
        self._pauses = pauses
        self._networks = UserNetworks(self._connection, names.installation)
        self._volumes = UserVolumes(self._connection, names)
        self._errands = Errands(
            self._connection,
            self._networks,
            self._volumes,
            names=names,
            image=errands_image,
            ulimits=self._ulimits,
        )
        self._samples = Samples(self._connection)
        self._claims: Claims = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._system: read.Answer = {}
        self._limits: Mapping[str, tuple[int, int]] | None = None

    @property
    def lacks(self) -> Mapping[str, str]:
        """Return which options this engine cannot do: Podman's socket passes over GPU requests."""
        return self._lacks

    async def info(self) -> EngineInfo:
        """Return what answers, with the API's version and the container runtime in the details."""
        version = await self._connection.call("asking for the version", lambda d: d.version())
        if not self._system:
            self._system = await self._connection.call("asking", lambda d: d.system.info())
        return read.info(version, self._system, host.memory())

    async def has_image(self, image: str) -> bool:
        """Return whether ``image`` can be used without pulling it."""
        _checked(image, _IMAGE)
        try:
            await self._connection.call("looking for an image", lambda d: d.images.inspect(image))
        except (NoImage, NotFound):
            return False
        return True

    async def pull(self, image: str) -> AsyncIterator[PullProgress]:
        """Fetch ``image``, telling how many bytes of its layers have come."""
        _checked(image, _IMAGE)
        layers = read.Layers()
        lines = self._connection.stream(
            f"pulling {image}", lambda d: d.images.pull(image, stream=True)
        )
        async for line in lines:
            for progress in layers.take(line):
                yield progress
        if not await self.has_image(image):  # a stream that breaks off looks like one that ends
            raise unreachable(self._connection.url, f"pulling {image} broke off")

    async def create(self, plan: ServerPlan) -> Lab:
        """Make the lab, its network and missing volumes.

        What a failed, timed out or cancelled attempt made is removed again: at once when the engine
        answers, else in the background within 30 seconds and as soon as it turns up.
        """
        attempt = Attempt(
            plan,
            connection=self._connection,
            networks=self._networks,
            volumes=self._volumes,
            names=self._names,
            claims=self._claims,
            ulimits=await self._ulimits(),
            pauses=self._pauses,
        )
        work = asyncio.create_task(attempt.make())
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self._later(_abandon(work, attempt))
            raise
        except EngineUnreachable:
            self._later(attempt.take_back())
            raise
        except Exception:
            await asyncio.shield(self._later(attempt.take_back()))
            raise

    async def start(self, name: str) -> Lab:
        """Start a created lab and return it with its address."""
        container = await self._existing(name)
        await self._connection.call("starting the lab", lambda _: container.start())
        return await self._look(container)

    async def stop(self, name: str, grace: float) -> None:
        """Stop a lab, killing it after ``grace`` seconds, rounded up."""
        if (container := await self._find(name)) is None:
            return
        seconds = math.ceil(grace)
        try:
            await self._connection.call(
                "stopping the lab", lambda _: container.stop(t=seconds), extra=seconds
            )
        except NotFound:
            return

    async def restart(self, name: str, grace: float) -> Lab:
        """Restart a lab in place: same id, same address, new start time."""
        container = await self._existing(name)
        seconds = math.ceil(grace)
        await self._connection.call(
            "restarting the lab", lambda _: container.restart(t=seconds), extra=seconds
        )
        return await self._look(container)

    async def remove(self, name: str) -> None:
        """Remove a lab and what goes with it; the user's network goes with its last lab."""
        if (container := await self._find(name)) is None:
            return
        try:
            await self._connection.call(
                "removing the lab", lambda _: container.delete(force=True, v=True)
            )
        except NotFound:
            pass
        except EngineUnreachable:
            raise
        except EngineError:
            if not await self._goes(name, container.id):
                raise
        for network in read.networks(container._container):
            await self._networks.release(network)

    async def lab(self, name: str) -> Lab | None:
        """Return the lab, or None when the engine is sure that this installation has none."""
        container = await self._find(name)
        return None if container is None else read.inspected(container._container)

    async def labs(self) -> Sequence[Lab]:
        """Return every lab of this installation, without start times."""
        rows = await self._networks.containers()
        return [read.listed(row) for row in rows if read.labels(row).get(KIND) == Kind.LAB]

    async def logs(self, name: str, lines: int = 100) -> str:
        """Return the last lines a lab wrote to its output and its error output."""
        container = await self._existing(name)
        return "".join(
            await self._connection.call(
                "reading the lab's log",
                lambda _: container.log(stdout=True, stderr=True, tail=lines),
            )
        )

    async def follow(self, name: str) -> AsyncGenerator[Usage, None]:
        """Yield what a lab uses, once a second, for as long as it runs."""
        lab = await self.lab(name)
        if lab is None or lab.status is not LabStatus.RUNNING:
            return
        podman = (await self.info()).kind == "podman"
        async with aclosing(self._samples.follow(lab.id, podman=podman)) as told:
            async for usage in told:
                yield usage

    async def survey(self, names: Collection[str]) -> Mapping[str, Usage]:
        """Return what these labs use on average since the last survey, or over a second."""
        labs = [lab for lab in await self.labs() if lab.status is LabStatus.RUNNING]
        return await self._samples.survey({lab.name: lab.id for lab in labs if lab.name in names})

    def watch(self) -> AsyncGenerator[LabEvent, None]:
        """Yield what happens to labs. What Podman ends whole for want of memory, it does not say."""
        return Watch(self._connection, self._names.installation).events()

    async def report(self, name: str) -> bytes:
        """Return what a lab's own program says of it; empty if nothing."""
        container = await self._existing(name)
        try:
            return await self._connection.call(
                "reading a lab's report", lambda d: report.fetch(d, container.id)
            )
        except NotFound:
            return b""

    async def volumes(self, prefix: str = "") -> Sequence[Volume]:
        """Return this installation's volumes, and unlabelled ones that start with ``prefix``."""
        return await self._volumes.list(prefix)

    async def remove_volume(self, name: str) -> None:
        """Remove a volume. Raises ``Busy``, ``NotFound``, or ``Refused`` for one that is not ours."""
        await self._volumes.remove(_checked(name, _NAME))

    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        """Measure volumes in one container that can only read."""
        return await self._errands.measure([_checked(v, _NAME) for v in volumes], seconds)

    async def archive(
        self, volume: str, owner: Owner, folder: str = ""
    ) -> AsyncGenerator[bytes, None]:
        """Yield a tar that the engine makes itself: no container runs for it."""
        name = _checked(volume, _NAME).rpartition("_")[2]
        async with aclosing(self._errands.archive(volume, name, folder)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def unpack(self, volume: str, tar: AsyncIterator[bytes], how: Unpacking) -> None:
        """Have the engine unpack a tar aside, and a container without rights move what came."""
        await self._errands.unpack(_checked(volume, _NAME), tar, how)

    async def sweep(self) -> None:
        """Remove the containers that errands of a killed process left, and half-done uploads."""
        await self._errands.sweep()

    async def close(self) -> None:
        """Let go of connections, and of what is still being taken back."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._connection.close()

    async def _find(self, name: str) -> DockerContainer | None:
        """Return our container of that name, inspected, or None."""
        _checked(name, _NAME)
        try:
            container: DockerContainer = await self._connection.call(
                "looking at the lab", lambda d: d.containers.get(name)
            )
        except NotFound:
            return None
        answer = container._container
        ours = read.labels(answer).get(INSTALLATION) == self._names.installation
        return container if ours and answer["Name"].lstrip("/") == name else None

    async def _existing(self, name: str) -> Any:
        if (container := await self._find(name)) is None:
            raise NotFound(f"There is no lab called {name}.", remedy="Start it anew.")
        return container

    async def _look(self, container: Any) -> Lab:
        return read.inspected(
            await self._connection.call("looking at the lab", lambda _: container.show())
        )

    async def _goes(self, name: str, container: str) -> bool:
        """Wait for a removal that somebody else may have begun; return whether it is gone then."""
        for _ in range(math.ceil(self._connection.timeout / _REMOVAL)):
            now = await self._find(name)
            if now is None or now.id != container:
                return True
            await asyncio.sleep(_REMOVAL)
        return False

    async def _ulimits(self) -> Mapping[str, tuple[int, int]]:
        """Return the limits to ask for: Podman raises its own defaults, which not all hosts allow."""
        if self._limits is None:
            podman = (await self.info()).kind == "podman"
            self._limits = _podman_limits() if podman else {}
        return self._limits

    def _later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task


def _podman_limits() -> Mapping[str, tuple[int, int]]:
    """Return this process's own limits, which its neighbour Podman may be expected to have too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    most = _PODMAN_PROCESSES if hard == resource.RLIM_INFINITY else min(hard, _PODMAN_PROCESSES)
    return {
        "nofile": resource.getrlimit(resource.RLIMIT_NOFILE),
        "nproc": (most if soft == resource.RLIM_INFINITY else min(soft, most), most),
    }


async def _abandon(work: asyncio.Task[Lab], attempt: Attempt) -> None:
    """Let an attempt that nobody waits for come to its end, then take it back."""
    await asyncio.wait({work})
    work.exception()  # seen
    await attempt.take_back()


def _checked(text: str, pattern: re.Pattern[str]) -> str:
    """Return ``text`` if it may go into the path of a request."""
    if not pattern.fullmatch(text) or ".." in text:
        raise Refused(
            f"{text!r} is not a name that an engine knows.",
            remedy="Names are letters, digits and . _ -, the first one a letter or digit.",
        )
    return text
