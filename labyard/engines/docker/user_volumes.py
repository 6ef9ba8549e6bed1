"""The volumes on an engine: this installation's, and those that its naming scheme adopts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from labyard.core.errors import NotFound, Refused
from labyard.core.models import MountKind, ServerPlan, Volume
from labyard.core.names import INSTALLATION, KIND, USER_ID, Kind, Names
from labyard.engines.docker import read, spec
from labyard.engines.docker.connect import Connection, Making, VolumeHandle
from labyard.engines.docker.failures import NameTaken


class UserVolumes:
    """Makes, lists and removes volumes."""

    def __init__(self, connection: Connection, names: Names) -> None:
        self._connection = connection
        self._names = names

    async def survey(self, plan: ServerPlan) -> tuple[Sequence[str], Sequence[str]]:
        """Return the names of ``plan``'s volumes that are not there yet, and of foreign ones.

        Raises
        ------
        NameTaken
            When one of them belongs to another installation or another user.
        """
        wanted = [m.source for m in plan.mounts if m.kind is MountKind.VOLUME]
        found = await asyncio.gather(*(self._find(name) for name in wanted))
        for name, volume in zip(wanted, found, strict=True):
            if volume is not None:
                self._check_owner(volume, plan.volume_labels.get(name, {}))
        missing = [name for name, volume in zip(wanted, found, strict=True) if volume is None]
        return missing, [volume.name for volume in found if volume is not None and volume.foreign]

    async def make(self, plan: ServerPlan, name: str, making: Making) -> None:
        """Make the volume ``name`` with the labels that ``plan`` has for it."""
        labels, options = plan.volume_labels.get(name, {}), plan.volume_options.get(name, {})
        body = spec.volume(name, labels, options)
        await self._connection.call(
            "making a volume", lambda d: d.volumes.create(body), making=making
        )

    async def list(self, prefix: str) -> Sequence[Volume]:
        """Return our volumes, and unlabelled ones whose name starts with a non-empty ``prefix``."""
        label = f"{INSTALLATION}={self._names.installation}"
        filters = None if prefix else {"label": [label]}
        answer = await self._connection.call(
            "listing volumes", lambda d: d.volumes.list(filters=filters)
        )
        volumes = [read.volume(row) for row in answer["Volumes"] or ()]
        return [v for v in volumes if self._is_ours(v) or (prefix and _adoptable(v, prefix))]

    async def demand(self, name: str) -> None:
        """Do nothing if :meth:`list` would show the volume.

        Raises
        ------
        NotFound
            When there is none.
        Refused
            When it is not this installation's.
        """
        volume = await self._find(name)
        if volume is None:
            raise NotFound(f"There is no volume called {name}.", remedy="See the list of volumes.")
        if not self._is_ours(volume) and not _adoptable(volume, self._names.volume_prefix):
            raise Refused(
                f"The volume {name} is not this installation's.",
                remedy="Leave it to the installation that its labels name.",
            )

    async def remove(self, name: str) -> None:
        """Remove a volume. Raises what :meth:`demand` does, and ``Busy`` when a container has it."""
        await self.demand(name)
        await self._connection.call(
            f"removing the volume {name}", lambda d: VolumeHandle(d, name).delete()
        )

    def _is_ours(self, volume: Volume) -> bool:
        return (
            volume.labels.get(INSTALLATION) == self._names.installation
            and volume.labels.get(KIND) == Kind.VOLUME
        )

    def _check_owner(self, volume: Volume, wanted: read.Answer) -> None:
        theirs = volume.labels.get(INSTALLATION)
        if theirs is not None and theirs != self._names.installation:
            raise NameTaken(
                f"The volume {volume.name} belongs to the installation {theirs}.",
                remedy="Give this installation another name, and naming: labyard if it is stellars.",
            )
        owner = volume.labels.get(USER_ID)
        if owner is not None and owner != wanted.get(USER_ID):
            raise NameTaken(
                f"The volume {volume.name} belongs to another user (id {owner}).",
                remedy="Remove or rename it; nothing was mounted.",
            )

    async def _find(self, name: str) -> Volume | None:
        try:
            answer = await self._connection.call(
                "looking up a volume", lambda d: VolumeHandle(d, name).show()
            )
        except NotFound:
            return None
        return read.volume(answer)


def _adoptable(volume: Volume, prefix: str) -> bool:
    return bool(prefix) and INSTALLATION not in volume.labels and volume.name.startswith(prefix)
