"""What happens to labs is told as it happens, above all what the kernel ends for want of memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from labyard.core.models import Happening, LabEvent
from labyard.engines.base import REPORT_BYTES, Engine
from tests.contract.engine.places import Place, ask, eventually, running

SECONDS = 5.0
# Takes 1 GB, in a lab that may use 256 MB.
GREEDY = "b = [bytearray(10**6) for _ in range(1000)]"
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
REPORT = "/tmp/labyard-report.json"


class Watcher:
    """Collects what an engine tells."""

    def __init__(self, events: AsyncIterator[LabEvent]) -> None:
        self._queue: asyncio.Queue[LabEvent] = asyncio.Queue()
        self._task = asyncio.create_task(self._collect(events))

    async def _collect(self, events: AsyncIterator[LabEvent]) -> None:
        async for event in events:
            self._queue.put_nowait(event)

    async def next(self, seconds: float = SECONDS) -> LabEvent:
        """Return the next thing that was told."""
        async with asyncio.timeout(seconds):
            return await self._queue.get()

    async def quiet(self, seconds: float = 3.0) -> bool:
        """Return whether nothing is told for a while."""
        await asyncio.sleep(seconds)
        return self._queue.empty()

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def watcher(engine: Engine) -> AsyncIterator[Watcher]:
    watching = Watcher(engine.watch())
    await asyncio.sleep(1)  # it has asked
    yield watching
    await watching.end()


async def test_a_start_and_an_end_are_told(place: Place, engine: Engine, watcher: Watcher) -> None:
    plan = place.plan(command=("python3", "-c", "import time; time.sleep(3); exit(7)"))
    await running(engine, plan)
    started = await watcher.next()
    assert (started.kind, started.lab) == (Happening.STARTED, plan.name)
    assert started.labels.items() >= plan.labels.items()
    ended = await watcher.next(3 + SECONDS)
    assert (ended.kind, ended.exit_code, ended.killed) == (Happening.ENDED, 7, False)


async def test_a_child_that_the_kernel_ended_for_memory_is_told_once(
    containers: Place, engine: Engine, watcher: Watcher
) -> None:
    lab = await running(engine, containers.plan())
    assert (await watcher.next()).kind is Happening.STARTED
    done = await ask(lab, "run", command=["python3", "-c", GREEDY])
    assert done["code"] == -9
    told = await watcher.next()
    assert (told.kind, told.lab, told.memory) == (Happening.MEMORY, lab.name, 256 * 2**20)
    assert await watcher.quiet()
    await ask(lab, "run", command=["python3", "-c", GREEDY])
    assert (await watcher.next()).kind is Happening.MEMORY


async def test_who_comes_later_is_told_of_what_happens_later(
    containers: Place, engine: Engine
) -> None:
    lab = await running(engine, containers.plan())
    await ask(lab, "run", command=["python3", "-c", GREEDY])
    watching = Watcher(engine.watch())
    try:
        assert await watching.quiet()
        await ask(lab, "run", command=["python3", "-c", GREEDY])
        assert (await watching.next()).kind is Happening.MEMORY
    finally:
        await watching.end()


async def test_a_lab_that_the_kernel_ended_for_memory_is_told(
    containers: Place, engine: Engine, watcher: Watcher
) -> None:
    plan = containers.plan(command=("python3", "-c", f"import time; time.sleep(2); {GREEDY}"))
    await running(engine, plan)
    told = [await watcher.next(2 + SECONDS)]
    while told[-1].kind is not Happening.ENDED:
        told.append(await watcher.next(2 + SECONDS))
    assert (told[-1].exit_code, told[-1].killed) == (137, True)


async def test_a_lab_that_had_to_be_killed_is_not_said_to_have_run_out_of_memory(
    containers: Place, engine: Engine, watcher: Watcher
) -> None:
    lab = await running(engine, containers.plan(command=("python3", "-c", DEAF)))
    assert (await watcher.next()).kind is Happening.STARTED

    async def deaf() -> bool:
        return "deaf" in await engine.logs(lab.name)

    await eventually(deaf)
    await engine.stop(lab.name, 1)
    told = await watcher.next()
    assert (told.kind, told.exit_code, told.killed) == (Happening.ENDED, 137, False)
    # Podman tells of a stop only after the end: there it is seen that the lab is removed.
    assert told.asked is (containers.kind != "podman")


async def test_what_the_kernel_ended_while_nobody_watched_is_told_to_who_comes_back(
    containers: Place, engine: Engine
) -> None:
    lab = await running(engine, containers.plan())
    first = Watcher(engine.watch())
    for _ in range(5):  # until the lab is counted
        await ask(lab, "run", command=["python3", "-c", GREEDY])
        with suppress(TimeoutError):
            assert (await first.next(2)).kind is Happening.MEMORY
            break
    else:
        pytest.fail("it is never counted")
    await first.end()
    await ask(lab, "run", command=["python3", "-c", GREEDY])
    second = Watcher(engine.watch())
    assert (await second.next()).kind is Happening.MEMORY
    await second.end()


async def test_another_installations_labs_are_not_told(
    place: Place, engine: Engine, watcher: Watcher
) -> None:
    other = place.another_installation()
    theirs, plan = other.engine(), other.plan()
    try:
        await running(theirs, plan)
        assert await watcher.quiet()
    finally:
        await theirs.remove(plan.name)
        await theirs.remove_volume(plan.mounts[0].source)


async def test_a_labs_report_is_read_and_bounded(place: Place, engine: Engine) -> None:
    lab = await running(engine, place.plan(environment={"HOME": "/data"}))
    where = REPORT if place.kind != "local" else (await ask(lab, "environ"))["TMPDIR"]
    where = where if where == REPORT else f"{where}/labyard-report.json"
    assert await engine.report(lab.name) == b""
    await ask(lab, "write", path=where, content='{"home": "full"}')
    assert await engine.report(lab.name) == b'{"home": "full"}'
    await ask(lab, "write", path=where, content="x" * (REPORT_BYTES + 1))
    assert await engine.report(lab.name) == b""
    await ask(lab, "run", command=["ln", "-sf", "/etc/passwd", where])
    followed = await engine.report(lab.name)
    theirs = (await ask(lab, "read", path="/etc/passwd")).encode()
    assert followed == (theirs if place.kind == "podman" else b"")  # never the host's
    await ask(lab, "run", command=["sh", "-c", f"rm {where}; mkfifo {where}"])
    assert await engine.report(lab.name) == b""
