"""What happens to labs, as it happens: the engine's own events, and beside them the kernel's counts.

Docker tells of a process that the kernel ended for want of memory, Podman does not; the cgroup's own
count tells on both, where this host shows it. Each look at the counts is one small file a lab.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiodocker.jsonstream import json_stream_stream

from labyard.core.errors import LabyardError, NotFound
from labyard.core.models import Happening, LabEvent
from labyard.core.names import INSTALLATION, KIND, Kind
from labyard.engines.docker import oom, read
from labyard.engines.docker.connect import Client, Connection
from labyard.engines.docker.failures import unreachable
from labyard.engines.docker.processes import CallOff, when_ended

_LOOK = 1.0  # seconds between looks at the counts
_RESYNC = 15  # looks between two lists of all labs
_LATELY = 5.0  # seconds in which a word of memory explains an end
_ASKED = 120.0  # seconds: a grace time and what an engine takes to end what does not want to
_KILLED = 137


@dataclass
class _Watched:
    """A lab that runs. ``kills`` is how many were told of; ``hurt`` when the last was.

    ``asked`` is when somebody last had the engine end it; ``call_off`` ends the wait for its process.
    """

    name: str
    labels: read.Answer
    memory: int | None
    counter: Path | None
    kills: int
    hurt: float = -math.inf
    asked: float = -math.inf
    call_off: CallOff = lambda: None

    def count(self) -> bool:
        """Look at the kernel's count; return whether it has ended more processes meanwhile."""
        kills = oom.kills(self.counter) if self.counter else None
        if kills is None or kills <= self.kills:
            return False
        self.kills, self.hurt = kills, time.monotonic()
        return True


class Watch:
    """Follows the labs of one installation. Made for one :meth:`events`.

    ``earlier`` is what an earlier watch left for this one: how often the kernel had ended processes, by
    container. What it ended while the engine was away is told then.
    """

    def __init__(
        self, connection: Connection, installation: str, earlier: dict[str, int] | None = None
    ) -> None:
        self._earlier = {} if earlier is None else earlier
        self._connection = connection
        self._wanted = {INSTALLATION: installation, KIND: str(Kind.LAB)}
        self._filters = {
            "type": ["container"],
            "label": [f"{name}={value}" for name, value in self._wanted.items()],
        }
        self._labs: dict[str, _Watched] = {}
        self._turn = asyncio.Lock()  # one container at a time: what is told of it, or what is found
        self._told: asyncio.Queue[LabEvent | Exception] = asyncio.Queue()

    async def events(self) -> AsyncGenerator[LabEvent, None]:
        """Yield what happens. Raises ``EngineUnreachable`` when the engine falls silent."""
        work = [asyncio.create_task(self._run(part)) for part in (self._follow, self._count)]
        try:
            while True:
                told = await self._told.get()
                if isinstance(told, Exception):
                    raise told
                yield told
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            for container, lab in self._labs.items():
                lab.call_off()
                self._earlier[container] = lab.kills

    async def _run(self, part: Callable[[], Awaitable[None]]) -> None:
        try:
            await part()
        except Exception as error:
            self._told.put_nowait(error)

    # -- the engine's events ----------------------------------------------------------------------

    async def _follow(self) -> None:
        lines = self._connection.stream("watching the labs", self._lines, extra=math.inf)
        async for line in lines:
            async with self._turn:
                await self._take(line)
        raise unreachable(self._connection.url, "its events broke off")

    async def _take(self, line: read.Answer) -> None:
        about = line.get("Actor") or {"ID": ""}
        container, told = str(about["ID"]), about.get("Attributes") or {}
        match line.get("Action"):
            case "start":
                await self._meet(container, new=True)
            case "kill" | "stop" if container in self._labs:
                self._labs[container].asked = time.monotonic()
            case "oom":
                self._hurt(container)
            case "die":
                await self._part(container, str(told.get("exitCode", "")))

    async def _lines(self, client: Client) -> AsyncGenerator[read.Answer, None]:
        params = {"filters": json.dumps(self._filters)}
        async with client._query("events", params=params, timeout=None) as response:
            async for line in json_stream_stream(response, raise_on_error=False):
                yield line

    async def _meet(self, container: str, *, new: bool) -> None:
        """Begin to watch a lab that runs. What happened to one before we came was told, or never is."""
        try:
            answer = await self._connection.call(
                "looking at a lab", lambda d: d._query_json(f"containers/{container}/json")
            )
        except NotFound:
            return
        labels = read.labels(answer)
        if not labels.items() >= self._wanted.items():  # to Podman's filter one of them is enough
            return
        if not (new or answer["State"].get("Running")):  # its end was told before we looked
            return
        pid = answer["State"].get("Pid") or 0
        counter = await asyncio.to_thread(oom.find, pid, container) if pid else None
        before = await asyncio.to_thread(oom.kills, counter) if counter else None
        if (met := self._labs.get(container)) is not None:  # it began again, and no end was told
            met.call_off()
        self._labs[container] = lab = _Watched(
            name=answer["Name"].lstrip("/"),
            labels=labels,
            memory=answer["HostConfig"].get("Memory") or None,
            counter=counter if before is not None else None,
            kills=0 if new else min(before or 0, self._earlier.pop(container, before or 0)),
        )
        if lab.counter:  # a moment after the first process the engine takes the cgroup away
            lab.call_off = when_ended(pid, lab.count)
        if new:
            self._tell(lab, Happening.STARTED)

    def _hurt(self, container: str) -> None:
        """Take the engine's word: it comes before the kernel counts, and where no count is seen."""
        if (lab := self._labs.get(container)) is None:
            return
        lab.hurt = time.monotonic()
        if lab.counter is None:
            self._tell(lab, Happening.MEMORY)

    async def _part(self, container: str, exit_code: str) -> None:
        """Tell of an end, and whether it was for want of memory."""
        if (lab := self._labs.pop(container, None)) is None:
            return
        lab.count()
        lab.call_off()
        code, now = int(exit_code) if exit_code.isdigit() else None, time.monotonic()
        asked = now - lab.asked < _ASKED
        hurt = now - lab.hurt < _LATELY and not asked
        killed = code == _KILLED and (hurt or await self._flagged(container))
        self._tell(lab, Happening.ENDED, exit_code=code, killed=killed, asked=asked and not killed)

    async def _flagged(self, container: str) -> bool:
        try:
            answer = await self._connection.call(
                "looking at a lab", lambda d: d._query_json(f"containers/{container}/json")
            )
        except LabyardError:
            return False  # it is gone already: somebody removed it
        return bool(answer["State"].get("OOMKilled"))

    def _tell(self, lab: _Watched, kind: Happening, **more: Any) -> None:
        now = datetime.now(UTC)
        self._told.put_nowait(LabEvent(kind, lab.name, lab.labels, now, lab.memory, **more))

    # -- the kernel's counts ----------------------------------------------------------------------

    async def _count(self) -> None:
        looks = 0
        while True:
            if looks % _RESYNC in (0, 2):  # 2: what began between the first list and the events
                await self._resync()
            for lab in await asyncio.to_thread(self._look):
                self._tell(lab, Happening.MEMORY)
            looks += 1
            await asyncio.sleep(_LOOK)

    async def _resync(self) -> None:
        filters = {**self._filters, "status": ["running"]}
        filters.pop("type")
        rows = await self._connection.call(
            "listing labs",
            lambda d: d._query_json("containers/json", params={"filters": json.dumps(filters)}),
        )
        running = [str(row["Id"]) for row in rows]
        for container in running:
            async with self._turn:  # an end meanwhile is told of what is known by then
                if container not in self._labs:
                    await self._meet(container, new=False)
        for gone in self._earlier.keys() - set(running):
            del self._earlier[gone]

    def _look(self) -> list[_Watched]:
        """Return the labs that lost a process since the last look. Runs beside the loop."""
        return [lab for lab in list(self._labs.values()) if lab.count()]
