"""The embedded engine: labs as processes of this machine.

There is no isolation, and :meth:`LocalEngine.info` says so. Where root runs the hub, each person's labs
run as an account number of their own, so that files and processes are theirs; else all run as the hub.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import platform
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

from labyard.core.models import (
    EngineInfo,
    Lab,
    LabEvent,
    Owner,
    PullProgress,
    ServerPlan,
    Size,
    Unpacking,
    Usage,
    Volume,
)
from labyard.engines import checked, host
from labyard.engines.base import Engine
from labyard.engines.local import watching
from labyard.engines.local.errands import Errands
from labyard.engines.local.failures import explained
from labyard.engines.local.labs import Labs
from labyard.engines.local.samples import Samples
from labyard.engines.local.spec import LACKS, NOT_APPLIED, WITHHELD, Place
from labyard.engines.local.storage import Storage


class LocalEngine(Engine):
    """Runs the labs of ``installation`` with the programs in ``tools``, keeping all below ``root``."""

    def __init__(self, installation: str, root: Path, tools: Path) -> None:
        place = Place(root)
        self._storage = Storage(place, installation)
        self._labs = Labs(place, self._storage, tools)
        self._errands = Errands(place)
        self._samples = Samples()

    @property
    def lacks(self) -> Mapping[str, str]:
        """Return which options this engine cannot do: a process has no limits and no image."""
        return LACKS

    @property
    def withholds(self) -> Mapping[str, str]:
        """Return which grants need containers."""
        return WITHHELD

    async def info(self) -> EngineInfo:
        """Say what this is and what it cannot do."""
        here = host.memory()
        whose = "one for each person" if os.geteuid() == 0 else f"all labs run as {_account()}"
        return EngineInfo(
            kind="local",
            version=platform.python_version(),
            isolated=False,
            cores=os.cpu_count(),
            details={"not applied": NOT_APPLIED, "accounts": whose},
            available=here.available if here else None,
        )

    async def has_image(self, image: str) -> bool:
        """Return True: every lab runs what is installed on this machine."""
        return True

    async def pull(self, image: str) -> AsyncIterator[PullProgress]:
        """Do nothing: see :meth:`has_image`."""
        return
        yield

    async def create(self, plan: ServerPlan) -> Lab:
        """Make the lab's directory and missing volumes."""
        return await self._labs.create(plan)

    async def start(self, name: str) -> Lab:
        """Start a lab on a loopback port of its own."""
        return await self._labs.start(name)

    async def stop(self, name: str, grace: float) -> None:
        """End the lab and every process it started."""
        await self._labs.stop(name, grace)

    async def restart(self, name: str, grace: float) -> Lab:
        """Stop and start the lab on the port it had."""
        await self._labs.stop(name, grace)
        return await self._labs.start(name)

    async def remove(self, name: str) -> None:
        """End the lab at once and remove its directory."""
        await self._labs.remove(name)

    async def lab(self, name: str) -> Lab | None:
        """Return the lab as its files and processes tell."""
        return self._labs.get(name)

    async def labs(self) -> Sequence[Lab]:
        """Return every lab of this engine. One whose record cannot be read hides no other."""
        return self._labs.all()

    async def logs(self, name: str, lines: int = 100) -> str:
        """Return the last lines the lab wrote."""
        return await self._labs.logs(name, lines)

    async def follow(self, name: str) -> AsyncGenerator[Usage, None]:
        """Yield what the lab's processes use, once a second."""
        async with aclosing(self._samples.follow(self._labs.directory(name))) as told:
            async for usage in told:
                yield usage

    async def survey(self, names: Collection[str]) -> Mapping[str, Usage]:
        """Return what the labs' processes use, over a second."""
        return await self._samples.survey({name: self._labs.directory(name) for name in names})

    def watch(self) -> AsyncGenerator[LabEvent, None]:
        """Yield starts and ends, within 2 seconds."""
        return watching.watch(self)

    async def report(self, name: str) -> bytes:
        """Return what a lab's own program says of it; a link or a pipe in its place says nothing."""
        return await self._labs.report(name)

    async def volumes(self, prefix: str = "") -> Sequence[Volume]:
        """Return the volumes by name."""
        with explained("list volumes"):
            return await asyncio.to_thread(self._storage.volumes, prefix)

    async def remove_volume(self, name: str) -> None:
        """Remove a volume that no lab uses, as Docker counts: a stopped lab uses its volumes too."""
        self._storage.check_unused(checked.name(name), self._labs.records())
        with explained(f"remove volume {name!r}"):
            await asyncio.to_thread(self._storage.remove_volume, name)

    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        """Measure volumes in a thread."""
        return await self._errands.measure([checked.name(v) for v in volumes], seconds)

    async def archive(
        self, volume: str, owner: Owner, folder: str = ""
    ) -> AsyncGenerator[bytes, None]:
        """Yield a tar that a process of the owner's account makes."""
        name = checked.name(volume).rpartition("_")[2]
        async with aclosing(self._errands.archive(volume, name, owner, folder)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def unpack(self, volume: str, tar: AsyncIterator[bytes], how: Unpacking) -> None:
        """Have a process of the owner's account unpack a tar aside, then move what came."""
        await self._errands.unpack(checked.name(volume), tar, how)

    async def sweep(self) -> None:
        """Undo uploads that a killed process left half-done."""
        await self._errands.sweep()

    async def close(self) -> None:
        """Let go. Labs go on."""
        self._labs.bury()


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())
