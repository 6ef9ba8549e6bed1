"""Which volumes a person has, and which lab uses them. Pure: what exists is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labyard.core.models import Lab, LabStatus, Mount, Owner, Volume
from labyard.core.names import INSTALLATION, USER_ID, VOLUME, Names
from labyard.settings.volumes import VolumeSettings


@dataclass(frozen=True, slots=True)
class Entry:
    """One volume of a person as it is shown: ``exists`` is False before the first start."""

    mount: Mount
    description: str
    exists: bool

    @property
    def resettable(self) -> bool:
        """Return whether its owner may empty it; a shared volume is everybody's."""
        return not self.mount.shared


def resolve(
    settings: Sequence[VolumeSettings],
    existing: Iterable[Volume],
    owner: Owner,
    names: Names,
) -> tuple[Mount, ...]:
    """Return the mounts of ``owner``'s labs, in the order of the settings.

    ``existing`` is what ``engine.volumes(names.volume_prefix)`` returned. A volume is its owner's by
    the user id in its labels, so it follows a rename; a name that is free, or carries none of our
    labels and may be adopted, is taken; a name that belongs to an earlier user of that name is left alone.
    """
    by_name = {volume.name: volume for volume in existing}
    own = _own(by_name.values(), owner)
    return tuple(
        Mount(
            key=volume.name,
            source=(
                names.shared_volume(volume.name)
                if volume.shared
                else own.get(volume.name) or _claim(volume.name, by_name, owner, names)
            ),
            target=str(volume.target),
            read_only=volume.read_only,
            shared=volume.shared,
        )
        for volume in settings
    )


def _own(existing: Iterable[Volume], owner: Owner) -> Mapping[str, str]:
    """Return the owner's labelled volumes by key; of two, the first by name."""
    mine = sorted(
        (volume.labels[VOLUME], volume.name)
        for volume in existing
        if volume.labels.get(USER_ID) == str(owner.id) and VOLUME in volume.labels
    )
    return dict(reversed(mine))


def _claim(key: str, existing: Mapping[str, Volume], owner: Owner, names: Names) -> str:
    """Return the name of a volume that the owner does not have yet."""
    canonical = names.volume(owner.name, key)
    found = existing.get(canonical)
    free = found is None or (INSTALLATION not in found.labels and bool(names.volume_prefix))
    return canonical if free else names.later_volume(owner.name, owner.id, key)


def catalog(
    settings: Sequence[VolumeSettings],
    existing: Sequence[Volume],
    owner: Owner,
    names: Names,
) -> tuple[Entry, ...]:
    """Return the owner's volumes with what people keep in them."""
    there = {volume.name for volume in existing}
    mounts = resolve(settings, existing, owner, names)
    return tuple(
        Entry(mount, volume.description, mount.source in there)
        for volume, mount in zip(settings, mounts, strict=True)
    )


def users(labs: Iterable[Lab], owner: Owner) -> tuple[Lab, ...]:
    """Return the labs that use the owner's volumes now. All labs of one person share them."""
    return tuple(
        lab
        for lab in labs
        if lab.labels.get(USER_ID) == str(owner.id) and lab.status is LabStatus.RUNNING
    )
