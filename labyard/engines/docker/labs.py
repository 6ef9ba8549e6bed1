"""The labs on an engine, from their creation on: found by name and label, started, ended, removed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from aiodocker.containers import DockerContainer

from labyard.core.errors import EngineError, EngineUnreachable, NotFound
from labyard.core.models import Lab
from labyard.core.names import INSTALLATION, KIND, Kind
from labyard.engines import checked
from labyard.engines.docker import read, report
from labyard.engines.docker.daemon import Daemon

_REMOVAL = 0.2  # seconds between looks at a container that somebody else removes


class Labs:
    """Finds and moves the labs of one installation."""

    def __init__(self, daemon: Daemon) -> None:
        self._connection = daemon.connection
        self._networks = daemon.networks
        self._installation = daemon.names.installation

    async def get(self, name: str) -> Lab | None:
        """Return the lab, or None when the engine is sure that this installation has none."""
        container = await self._find(name)
        return None if container is None else read.inspected(container._container)

    async def all(self) -> Sequence[Lab]:
        """Return every lab, without start times."""
        rows = await self._networks.containers()
        return [read.listed(row) for row in rows if read.labels(row).get(KIND) == Kind.LAB]

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

    async def logs(self, name: str, lines: int) -> str:
        """Return the last lines a lab wrote to its output and its error output."""
        container = await self._existing(name)
        return "".join(
            await self._connection.call(
                "reading the lab's log",
                lambda _: container.log(stdout=True, stderr=True, tail=lines),
            )
        )

    async def report(self, name: str) -> bytes:
        """Return what a lab's own program says of it; empty if nothing."""
        container = await self._existing(name)
        try:
            return await self._connection.call(
                "reading a lab's report", lambda d: report.fetch(d, container.id)
            )
        except NotFound:
            return b""

    async def _find(self, name: str) -> DockerContainer | None:
        """Return our container of that name, inspected, or None."""
        checked.name(name)
        try:
            container: DockerContainer = await self._connection.call(
                "looking at the lab", lambda d: d.containers.get(name)
            )
        except NotFound:
            return None
        answer = container._container
        ours = read.labels(answer).get(INSTALLATION) == self._installation
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
