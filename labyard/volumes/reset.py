"""Empty chosen volumes of a person, only while nothing of theirs runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labyard.core.errors import Busy, Refused
from labyard.core.locks import UserLocks
from labyard.core.models import Owner
from labyard.core.names import USER_ID, Names
from labyard.engines.base import Engine
from labyard.settings.volumes import VolumeSettings
from labyard.volumes.bounds import Reading
from labyard.volumes.catalog import Entry, catalog, users
from labyard.volumes.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Reset:
    """Resets volumes of one installation."""

    settings: Sequence[VolumeSettings]
    engine: Engine
    locks: UserLocks
    names: Names
    sizes: Sizes
    reading: Reading

    async def __call__(self, owner: Owner, keys: Sequence[str]) -> tuple[str, ...]:
        """Remove the owner's volumes called ``keys``; the next start makes them anew, empty.

        Returns the keys of those that there were.

        Raises
        ------
        Refused
            A key is unknown, given twice or belongs to a shared volume. Nothing was removed.
        Busy
            A lab of the owner runs, a volume is being downloaded, or another action is under way.
            Nothing was removed.
        """
        self._check(keys)
        async with self.locks.hold(owner.id, "resetting volumes"):
            await self._clear_labs(owner)
            existing = await self.engine.volumes(self.names.volume_prefix)
            entries = catalog(self.settings, existing, owner, self.names)
            chosen = [e for e in entries if e.mount.key in keys and e.exists]
            self._check_unread(chosen)
            going = [entry.mount.source for entry in chosen]
            with self.reading.shut(going):
                async with self.sizes.standing_back(going):
                    for volume in going:
                        await self.engine.remove_volume(volume)
        return tuple(entry.mount.key for entry in chosen)

    def _check(self, keys: Sequence[str]) -> None:
        own = [volume.name for volume in self.settings if not volume.shared]
        offered = f"Choose from: {', '.join(own)}."
        if not keys:
            raise Refused("No volume was named.", remedy=offered)
        for key in keys:
            if key not in own:
                raise Refused(f"{key!r} is no volume that you can reset.", remedy=offered)
        if len(set(keys)) < len(keys):
            raise Refused("A volume was named twice.", remedy=offered)

    def _check_unread(self, chosen: Sequence[Entry]) -> None:
        for entry in chosen:
            if entry.mount.source in self.reading:
                raise Busy(
                    f"{entry.mount.key.capitalize()} is being downloaded.",
                    remedy="Wait for the download to end, or end it.",
                )

    async def _clear_labs(self, owner: Owner) -> None:
        """Remove what is left of stopped labs: an engine keeps the volumes of those too."""
        labs = await self.engine.labs()
        if running := users(labs, owner):
            raise Busy(
                f"Your lab {running[0].name} is running, so its volumes are in use.",
                remedy="Stop your servers, then reset.",
            )
        for lab in labs:
            if lab.labels.get(USER_ID) == str(owner.id):
                await self.engine.remove(lab.name)
