"""A person's volumes as the home page lists them."""

from __future__ import annotations

from dataclasses import dataclass

from labyard.core.models import Owner
from labyard.core.names import Names
from labyard.settings.schema import Settings
from labyard.volumes.catalog import catalog
from labyard.web.sampler import Snapshot

_ICONS = {"home": "house", "workspace": "folder2", "cache": "lightning"}


@dataclass(frozen=True, slots=True)
class VolumeView:
    """One volume as it is drawn."""

    key: str
    title: str
    description: str
    icon: str
    resettable: bool


def view_volumes(
    owner: Owner, snapshot: Snapshot, settings: Settings, names: Names
) -> tuple[VolumeView, ...]:
    """Return the volumes that ``owner``'s labs have."""
    return tuple(
        VolumeView(
            key=entry.mount.key,
            title=entry.mount.key.capitalize(),
            description=", ".join(
                filter(None, [entry.description, "read only" if entry.mount.read_only else ""])
            ),
            icon="people" if entry.mount.shared else _ICONS.get(entry.mount.key, "hdd"),
            resettable=entry.resettable and entry.exists,
        )
        for entry in catalog(settings.volumes, snapshot.volumes, owner, names)
    )
