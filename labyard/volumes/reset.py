"""Empty volumes of a person, chosen ones or all, only while nothing of theirs runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from labyard.core.errors import Busy, Refused
from labyard.core.locks import UserLocks
from labyard.core.models import Owner, Volume
from labyard.core.names import USER_ID, VOLUME, Names
from labyard.engines.base import Engine
from labyard.settings.volumes import VolumeSettings
from labyard.volumes.bounds import Reading
from labyard.volumes.catalog import catalog, users
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

        def chosen(existing: Sequence[Volume]) -> Mapping[str, str]:
            return {key: name for key, name in self._own(existing, owner).items() if key in keys}

        return await self._remove(owner, chosen, "resetting volumes")

    async def all(self, owner: Owner) -> tuple[str, ...]:
        """Remove every volume of somebody who goes, also what the settings do not name any more.

        Returns the keys of those that there were.

        Raises
        ------
        Busy
            As above. Nothing was removed.
        """

        def every(existing: Sequence[Volume]) -> Mapping[str, str]:
            earlier = {
                volume.labels.get(VOLUME, volume.name): volume.name
                for volume in existing
                if volume.labels.get(USER_ID) == str(owner.id)
            }
            return {**earlier, **self._own(existing, owner)}

        return await self._remove(owner, every, "deleting volumes")

    def _own(self, existing: Sequence[Volume], owner: Owner) -> Mapping[str, str]:
        """Return the names of the owner's volumes that there are, by key."""
        entries = catalog(self.settings, existing, owner, self.names)
        return {e.mount.key: e.mount.source for e in entries if e.exists and e.resettable}

    async def _remove(
        self, owner: Owner, choose: Callable[[Sequence[Volume]], Mapping[str, str]], doing: str
    ) -> tuple[str, ...]:
        async with self.locks.hold(owner.id, doing):
            await self._clear_labs(owner)
            chosen = choose(await self.engine.volumes(self.names.volume_prefix))
            self._check_unread(chosen)
            with self.reading.shut(chosen.values()):
                async with self.sizes.standing_back(chosen.values()):
                    for volume in chosen.values():
                        await self.engine.remove_volume(volume)
        return tuple(chosen)

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

    def _check_unread(self, chosen: Mapping[str, str]) -> None:
        for key, volume in chosen.items():
            if volume in self.reading:
                raise Busy(
                    f"{key.capitalize()} is being downloaded.",
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
