"""The embedded engine: labs as processes of this machine.

There is no isolation, and :meth:`LocalEngine.info` says so. Where root runs the hub, each person's labs
run as an account number of their own, so that files and processes are theirs; else all run as the hub.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import platform
import re
import shutil
import stat
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path

from labyard.core.errors import EngineError, NotFound, Refused
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
from labyard.core.processes import tail
from labyard.engines import host
from labyard.engines.base import REPORT_BYTES, Engine
from labyard.engines.local import process, watching
from labyard.engines.local.errands import Errands
from labyard.engines.local.record import Record, load, record, save
from labyard.engines.local.spec import LACKS, LOOPBACK, NOT_APPLIED, Place, order
from labyard.engines.local.storage import Storage
from labyard.engines.local.usage import Looks, usage

log = logging.getLogger(__name__)

_APART = 1.0  # seconds over which processor time is measured
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class LocalEngine(Engine):
    """Runs the labs of ``installation`` with the programs in ``tools``, keeping all below ``root``."""

    def __init__(self, installation: str, root: Path, tools: Path) -> None:
        self._installation = installation
        self._place = Place(root)
        self._tools = tools
        self._storage = Storage(self._place, installation)
        self._errands = Errands(self._place)
        self._looks = Looks()
        self._keepers: list[subprocess.Popen[bytes]] = []  # ours to bury

    @property
    def lacks(self) -> Mapping[str, str]:
        """Return which options this engine cannot do: a process has no limits and no image."""
        return LACKS

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
        directory = self._directory(plan.name)
        found = await self.lab(plan.name)
        if found is not None and found.status is LabStatus.RUNNING:
            raise EngineError(f"Lab {plan.name!r} is running.", remedy="Stop it first.")
        with _explained(f"make lab {plan.name!r}"):
            made = self._storage.make_volumes(plan)
            try:
                await asyncio.to_thread(self._storage.make_lab, plan, record(plan), directory)
            except BaseException:
                for name in made:
                    self._storage.remove_volume(name)
                raise
        return self._look(self._record(plan.name))

    async def start(self, name: str) -> Lab:
        """Start a lab on a loopback port of its own."""
        lab = self._record(name)
        if process.running(self._directory(name)) is None:
            lab = await asyncio.to_thread(self._start, lab)
        return self._look(lab)

    def _start(self, lab: Record) -> Record:
        directory = self._directory(lab.name)
        with _explained(f"start lab {lab.name!r}"):
            reservation = process.reserve(lab.port)
            with reservation:
                lab = lab.at(reservation.getsockname()[1])
                save(directory / "lab.json", lab)
                told = order(lab, self._place, self._tools, os.geteuid())
                self._keepers.append(process.start(directory, told, reservation))
        return lab

    async def stop(self, name: str, grace: float) -> None:
        """End the lab and every process it started."""
        if self._known(name):
            with _explained(f"stop lab {name!r}"):
                await process.stop(self._directory(name), grace)
            self._bury()

    async def restart(self, name: str, grace: float) -> Lab:
        """Stop and start the lab on the port it had."""
        await self.stop(name, grace)
        return await self.start(name)

    async def remove(self, name: str) -> None:
        """End the lab at once and remove its directory."""
        if self._known(name):
            await self.stop(name, 0)
            with _explained(f"remove lab {name!r}"):
                await asyncio.to_thread(shutil.rmtree, self._directory(name))

    async def lab(self, name: str) -> Lab | None:
        """Return the lab as its files and processes tell."""
        found = self._remembered(name)
        return None if found is None else self._look(found)

    async def labs(self) -> Sequence[Lab]:
        """Return every lab of this engine. One whose record cannot be read hides no other."""
        with _explained("list labs"):
            names = self._storage.labs()
        found = []
        for name in names:
            try:
                found.append(await self.lab(name))
            except EngineError as error:
                log.warning("%s", error)
        return [lab for lab in found if lab is not None]

    async def logs(self, name: str, lines: int = 100) -> str:
        """Return the last lines the lab wrote."""
        self._record(name)
        return await asyncio.to_thread(tail, self._directory(name) / "log", lines)

    async def follow(self, name: str) -> AsyncGenerator[Usage, None]:
        """Yield what the lab's processes use, once a second."""
        keeper = process.running(self._directory(name))
        before = await self._looks.take()
        while keeper is not None:
            await asyncio.sleep(_APART)
            after = await self._looks.take()
            if process.running(self._directory(name)) != keeper:
                return
            yield await usage(keeper, before, after)
            before = after

    async def survey(self, names: Collection[str]) -> Mapping[str, Usage]:
        """Return what the labs' processes use, over a second."""
        running = {name: process.running(self._directory(name)) for name in names}
        before = await self._looks.take()
        await asyncio.sleep(_APART)
        after = await self._looks.take()
        return {
            name: await usage(keeper, before, after)
            for name, keeper in running.items()
            if keeper is not None and keeper in after.samples
        }

    def watch(self) -> AsyncGenerator[LabEvent, None]:
        """Yield starts and ends, within 2 seconds."""
        return watching.watch(self)

    async def report(self, name: str) -> bytes:
        """Return what a lab's own program says of it; a link or a pipe in its place says nothing."""
        self._record(name)
        path = self._directory(name) / "tmp/labyard-report.json"
        return await asyncio.to_thread(_small_file, path)

    async def volumes(self, prefix: str = "") -> Sequence[Volume]:
        """Return the volumes by name."""
        with _explained("list volumes"):
            return await asyncio.to_thread(self._storage.volumes, prefix)

    async def remove_volume(self, name: str) -> None:
        """Remove a volume that no lab uses, as Docker counts: a stopped lab uses its volumes too."""
        self._checked(name)
        labs = [self._record(lab) for lab in self._storage.labs()]
        self._storage.check_unused(name, labs)
        with _explained(f"remove volume {name!r}"):
            await asyncio.to_thread(self._storage.remove_volume, name)

    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        """Measure volumes in a thread."""
        return await self._errands.measure([self._checked(name) for name in volumes], seconds)

    async def archive(
        self, volume: str, owner: Owner, folder: str = ""
    ) -> AsyncGenerator[bytes, None]:
        """Yield a tar that a process of the owner's account makes."""
        name = self._checked(volume).rpartition("_")[2]
        async with aclosing(self._errands.archive(volume, name, owner, folder)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def unpack(self, volume: str, tar: AsyncIterator[bytes], how: Unpacking) -> None:
        """Have a process of the owner's account unpack a tar aside, then move what came."""
        await self._errands.unpack(self._checked(volume), tar, how)

    async def sweep(self) -> None:
        """Undo uploads that a killed process left half-done."""
        await self._errands.sweep()

    async def close(self) -> None:
        """Let go. Labs go on."""
        self._bury()

    def _look(self, lab: Record) -> Lab:
        self._bury()
        directory = self._directory(lab.name)
        started = process.started_at(directory)
        runs = process.running(directory) is not None
        ended = started is not None and not runs
        status = LabStatus.STOPPED if ended else LabStatus.RUNNING if runs else LabStatus.CREATED
        return Lab(
            id=lab.id,
            name=lab.name,
            status=status,
            image=lab.image,
            labels=lab.labels,
            started_at=started,
            exit_code=process.exit_code(directory) if ended else None,
            host=LOOPBACK if runs else None,
            port=lab.port if runs else None,
        )

    def _bury(self) -> None:
        """Take note of keepers that ended, so that the kernel forgets them."""
        self._keepers = [keeper for keeper in self._keepers if keeper.poll() is None]

    def _known(self, name: str) -> bool:
        return (self._directory(name) / "lab.json").exists()

    def _record(self, name: str) -> Record:
        if (found := self._remembered(name)) is None:
            raise NotFound(f"There is no lab {name!r}.", remedy="Create it first.")
        return found

    def _remembered(self, name: str) -> Record | None:
        try:
            return load(self._directory(name) / "lab.json")
        except (OSError, ValueError) as error:
            raise EngineError(
                f"What is known of lab {name!r} cannot be read: {error}.",
                remedy="Put the file right or remove the lab's directory.",
            ) from None

    def _directory(self, name: str) -> Path:
        return self._place.lab(self._checked(name))

    @staticmethod
    def _checked(name: str) -> str:
        """Return ``name`` when it names a thing in a directory and leads nowhere else."""
        if not _NAME.fullmatch(name):
            raise Refused(
                f"{name!r} is no name of a lab or volume.",
                remedy="Names are letters, digits and . _ -, the first one a letter or digit.",
            )
        return name


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineError(
            f"The local engine could not {doing}: {error}.",
            remedy="See that the data directory can be written and has room.",
        ) from error


def _small_file(path: Path) -> bytes:
    """Return the content of a regular file of ``REPORT_BYTES`` at most, else nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(file.fileno())
        fits = stat.S_ISREG(about.st_mode) and about.st_size <= REPORT_BYTES
        return file.read(REPORT_BYTES) if fits else b""


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())
