"""The labs of a local engine: what was remembered of each, and its process."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from labyard.core.errors import EngineError, NotFound
from labyard.core.models import Lab, LabStatus, ServerPlan
from labyard.core.processes import tail
from labyard.engines import checked
from labyard.engines.local import process, report
from labyard.engines.local.failures import explained
from labyard.engines.local.record import Record, load, record, save
from labyard.engines.local.spec import LOOPBACK, Place, order
from labyard.engines.local.storage import Storage

log = logging.getLogger(__name__)


class Labs:
    """Makes, finds and moves labs, which run with the programs in ``tools``."""

    def __init__(self, place: Place, storage: Storage, tools: Path) -> None:
        self._place = place
        self._storage = storage
        self._tools = tools
        self._keepers: list[subprocess.Popen[bytes]] = []  # ours to bury

    def directory(self, name: str) -> Path:
        """Return the directory of the lab ``name``, which need not be there. Raises ``Refused``."""
        return self._place.lab(checked.name(name))

    async def create(self, plan: ServerPlan) -> Lab:
        """Make the lab's directory and missing volumes."""
        directory = self.directory(plan.name)
        found = self.get(plan.name)
        if found is not None and found.status is LabStatus.RUNNING:
            raise EngineError(f"Lab {plan.name!r} is running.", remedy="Stop it first.")
        with explained(f"make lab {plan.name!r}"):
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
        if process.running(self.directory(name)) is None:
            lab = await asyncio.to_thread(self._start, lab)
        return self._look(lab)

    async def stop(self, name: str, grace: float) -> None:
        """End the lab and every process it started, by force after ``grace`` seconds."""
        if self._known(name):
            with explained(f"stop lab {name!r}"):
                await process.stop(self.directory(name), grace)
            self.bury()

    async def remove(self, name: str) -> None:
        """End the lab at once and remove its directory."""
        if self._known(name):
            await self.stop(name, 0)
            with explained(f"remove lab {name!r}"):
                await asyncio.to_thread(shutil.rmtree, self.directory(name))

    def get(self, name: str) -> Lab | None:
        """Return the lab as its files and processes tell."""
        found = self._remembered(name)
        return None if found is None else self._look(found)

    def all(self) -> Sequence[Lab]:
        """Return every lab of this engine. One whose record cannot be read hides no other."""
        with explained("list labs"):
            names = self._storage.labs()
        found = []
        for name in names:
            try:
                found.append(self.get(name))
            except EngineError as error:
                log.warning("%s", error)
        return [lab for lab in found if lab is not None]

    def records(self) -> Sequence[Record]:
        """Return what is remembered of every lab, all of it or an ``EngineError``."""
        return [self._record(name) for name in self._storage.labs()]

    async def logs(self, name: str, lines: int) -> str:
        """Return the last lines the lab wrote."""
        self._record(name)
        return await asyncio.to_thread(tail, self.directory(name) / "log", lines)

    async def report(self, name: str) -> bytes:
        """Return what a lab's own program says of it; a link or a pipe in its place says nothing."""
        self._record(name)
        return await asyncio.to_thread(report.read, self.directory(name) / report.FILE)

    def bury(self) -> None:
        """Take note of keepers that ended, so that the kernel forgets them."""
        self._keepers = [keeper for keeper in self._keepers if keeper.poll() is None]

    def _start(self, lab: Record) -> Record:
        directory = self.directory(lab.name)
        with explained(f"start lab {lab.name!r}"):
            reservation = process.reserve(lab.port)
            with reservation:
                lab = lab.at(reservation.getsockname()[1])
                save(directory / "lab.json", lab)
                told = order(lab, self._place, self._tools, os.geteuid())
                self._keepers.append(process.start(directory, told, reservation))
        return lab

    def _look(self, lab: Record) -> Lab:
        self.bury()
        directory = self.directory(lab.name)
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

    def _known(self, name: str) -> bool:
        return (self.directory(name) / "lab.json").exists()

    def _record(self, name: str) -> Record:
        if (found := self._remembered(name)) is None:
            raise NotFound(f"There is no lab {name!r}.", remedy="Create it first.")
        return found

    def _remembered(self, name: str) -> Record | None:
        try:
            return load(self.directory(name) / "lab.json")
        except (OSError, ValueError) as error:
            raise EngineError(
                f"What is known of lab {name!r} cannot be read: {error}.",
                remedy="Put the file right or remove the lab's directory.",
            ) from None
