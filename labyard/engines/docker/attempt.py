"""One attempt to create a lab, and taking it back.

An engine that was asked to make something may do so after nobody waits any more. So each attempt
marks its container, keeps its open requests in sight, and is swept until nothing of it is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labyard.core import causes
from labyard.core.errors import Busy, EngineError, LabyardError, NotFound
from labyard.core.models import Lab, LabStatus, ServerPlan
from labyard.core.names import ATTEMPT, INSTALLATION
from labyard.engines.docker import read, spec
from labyard.engines.docker.connect import Client, Making
from labyard.engines.docker.daemon import Daemon, Ulimits
from labyard.engines.docker.failures import NameTaken

PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 13.0)  # seconds between sweeps: all within 30
_LATEST = 900.0  # seconds after which an engine will not finish a request any more
_IPV6 = Path("/proc/sys/net/ipv6")

# Which attempt last counted on a volume: only that one may take it back.
Claims = dict[str, str]


class Attempt:
    """Makes the lab of one plan, or leaves nothing new behind."""

    def __init__(
        self,
        plan: ServerPlan,
        daemon: Daemon,
        *,
        claims: Claims,
        ulimits: Ulimits,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._plan = plan
        self._connection = daemon.connection
        self._networks = daemon.networks
        self._volumes = daemon.volumes
        self._names = daemon.names
        self._claims = claims
        self._ulimits = ulimits
        self._pauses = pauses
        self._id = secrets.token_hex(8)
        self._made: list[str] = []
        self._making = Making()

    async def make(self) -> Lab:
        """Make volumes, network and container, and put the secrets in. Raises ``LabyardError``."""
        plan = self._plan
        if plan.network is None:
            raise EngineError(f"The plan of {plan.name} has no network.")
        await self._make_volumes()
        async with self._networks.seat(plan.network, self._making) as address:
            body = spec.container(
                plan,
                address,
                attempt=self._id,
                scratch_labels=self._names.scratch_labels(),
                ulimits=self._ulimits,
                ipv6=_has_ipv6(),
            )
            try:
                container = await self._create(body)
            except NameTaken:
                await self._make_way()
                container = await self._create(body)
        await self._unpack(container, spec.SECRETS_DIRECTORY, spec.secrets_archive(plan))
        return read.inspected(
            await self._connection.call("looking at the lab", lambda _: container.show())
        )

    async def take_back(self) -> None:
        """Remove what this attempt made, and what of it turns up late.

        That is over when every request was answered and one sweep went well. A request that got no
        answer is followed, and one whose connection broke is allowed for, for the sum of pauses.
        """
        for pause in (*self._pauses, _LATEST):
            if self._making.open:
                await asyncio.wait(set(self._making.open), timeout=pause)
            elif pause != _LATEST:
                await asyncio.sleep(pause)
            if await self._swept() and not self._making.open and not self._making.lost:
                return

    async def _make_volumes(self) -> None:
        self._claims.update({m.source: self._id for m in self._plan.mounts})
        missing, foreign = await self._volumes.survey(self._plan)
        for name in missing:
            self._made.append(name)
            await self._volumes.make(self._plan, name, self._making)
        empty = [name for name in foreign if spec.directories(self._plan, name)]
        # What is on a file server is somebody's already.
        new = [name for name in self._made if name not in self._plan.volume_options]
        if new or empty:
            await self._hand_over(new, empty)

    async def _hand_over(self, made: Sequence[str], empty: Sequence[str]) -> None:
        """Give volumes that were made to the lab's user, and all the directories that nobody else makes."""
        volumes = [*made, *empty]
        labels = self._names.scratch_labels()
        body = spec.steward(self._plan, volumes, labels, self._id)
        steward = await self._connection.call(
            "preparing volumes", lambda d: d.containers.create(body), making=self._making
        )
        await self._unpack(steward, "/", spec.deeds(self._plan, len(made)))
        for at, name in enumerate(volumes):
            if needed := spec.directories(self._plan, name):
                new, place = name in made, spec.place(at)
                brought = self._plan.working_dir if new else f"{place}/{needed[0]}"
                if not await self._has(steward.id, brought):
                    await self._furnish(steward, place, needed)
        await self._remove(steward.id)

    async def _furnish(self, steward: Any, place: str, needed: Sequence[str]) -> None:
        try:
            await self._unpack(steward, place, spec.furniture(self._plan, needed))
        except EngineError as error:
            if error.cause is not causes.DISK_FULL:
                raise
            raise EngineError(error.why, cause=causes.VOLUME_FULL) from error

    async def _has(self, container: str, path: str) -> bool:
        """Return whether there is ``path`` in a container that never ran: in its image or a volume."""

        async def look(client: Client) -> None:
            async with client._query(f"containers/{container}/archive", params={"path": path}):
                return  # its content is nobody's

        try:
            await self._connection.call("looking into the image", look)
        except NotFound:
            return False
        return True

    async def _create(self, body: spec.Body) -> Any:
        name = self._plan.name
        return await self._connection.call(
            "creating the lab",
            lambda d: d.containers.create(body, name=name),
            making=self._making,
        )

    async def _unpack(self, container: Any, directory: str, archive: bytes) -> None:
        await self._connection.call(
            "handing files to the lab", lambda _: container.put_archive(directory, archive)
        )

    async def _make_way(self) -> None:
        """Remove the stopped lab that has the name; anything else keeps it."""
        name = self._plan.name
        answer = await self._connection.call(
            "looking at the lab", lambda d: d._query_json(f"containers/{name}/json")
        )
        if read.labels(answer).get(INSTALLATION) != self._names.installation:
            raise NameTaken(
                f"A container called {name} exists and is not this installation's.",
                remedy="Rename or remove it, or give this installation another name, and naming: labyard"
                " if it is stellars.",
            )
        if read.inspected(answer).status is LabStatus.RUNNING:
            raise Busy(f"The lab {name} runs already.", remedy="Stop it first.")
        await self._remove(answer["Id"])

    async def _swept(self) -> bool:
        try:
            await self._sweep()
        except LabyardError:
            return False
        return True

    async def _sweep(self) -> None:
        for row in await self._networks.containers():
            if read.labels(row).get(ATTEMPT) == self._id:
                await self._remove(row["Id"])
        if self._making.open:  # it may want the volumes; without them an engine would make its own
            return
        for name in self._made:
            if self._claims.get(name) == self._id:
                with contextlib.suppress(Busy, NotFound):
                    await self._volumes.remove(name)
        if self._plan.network is not None:
            await self._networks.release(self._plan.network.name)

    async def _remove(self, container: str) -> None:
        await self._connection.call(
            "removing a lab that did not come about",
            lambda d: d.containers.container(container).delete(force=True, v=True),
        )


def _has_ipv6() -> bool:
    return _IPV6.exists()
