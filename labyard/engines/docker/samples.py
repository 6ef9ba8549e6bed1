"""Asking an engine what labs use: a stream for one, a survey for many."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from labyard.core.errors import EngineUnreachable, LabyardError
from labyard.core.models import Usage
from labyard.engines.docker import cgroups
from labyard.engines.docker.connect import Client, Connection

_APART = 1.0  # seconds between samples that we ask for
_AT_ONCE = 32  # questions of a survey; Docker answers all of them with its next tick


class Samples:
    """Takes samples of containers, by their ids."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: Mapping[str, cgroups.Sample] = {}

    async def follow(self, container: str, *, podman: bool) -> AsyncGenerator[Usage, None]:
        """Yield what a container uses, once a second, until it ends."""
        samples = self._asked(container) if podman else self._told(container)
        earlier: cgroups.Sample | None = None
        async with aclosing(samples):
            async for sample in samples:
                if not cgroups.alive(sample):
                    return
                if earlier is not None:
                    yield cgroups.usage(earlier, sample)
                earlier = sample

    async def survey(self, containers: Mapping[str, str]) -> Mapping[str, Usage]:
        """Return what containers use, by name, from ``containers`` (ids by name)."""
        known = {name: self._last[i] for name, i in containers.items() if i in self._last}
        first = await self._all({n: i for n, i in containers.items() if n not in known})
        if first:
            await asyncio.sleep(_APART)
        earlier = {**known, **first}
        later = await self._all({name: containers[name] for name in earlier})
        self._last = {containers[name]: sample for name, sample in later.items()}
        return {name: cgroups.usage(earlier[name], sample) for name, sample in later.items()}

    async def _all(self, containers: Mapping[str, str]) -> dict[str, cgroups.Sample]:
        """Return a sample of each container that runs, by name."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(container: str) -> cgroups.Sample:
            async with gate:
                return await self._sample(container)

        found = await asyncio.gather(*map(one, containers.values()))
        return {n: s for n, s in zip(containers, found, strict=True) if cgroups.alive(s)}

    async def _sample(self, container: str) -> cgroups.Sample:
        """Return one sample, an empty one of a container that has ended meanwhile."""

        async def asked(client: Client) -> cgroups.Sample:
            query = {"stream": "0", "one-shot": "1"}
            async with client._query(f"containers/{container}/stats", params=query) as answer:
                text = await answer.text()  # Podman calls it nothing, and sends nothing of the dead
            sample: cgroups.Sample = json.loads(text) if text else {}
            return sample

        try:
            return await self._connection.call("measuring the lab", asked)
        except EngineUnreachable:
            raise
        except LabyardError:
            return {}

    async def _asked(self, container: str) -> AsyncGenerator[cgroups.Sample, None]:
        """Yield samples that we ask for: Podman's own stream tells one every five seconds."""
        while True:
            yield await self._sample(container)
            await asyncio.sleep(_APART)

    async def _told(self, container: str) -> AsyncGenerator[cgroups.Sample, None]:
        """Yield the samples that Docker tells by itself, once a second."""
        stream = self._connection.stream(
            "measuring the lab", lambda d: d.containers.container(container).stats(stream=True)
        )
        async with aclosing(stream):
            async for sample in stream:
                yield sample
