"""A person's volumes as they are listed and looked at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from labyard.core.errors import LabyardError
from labyard.core.models import MountKind, Owner
from labyard.core.names import Names
from labyard.core.units import show_bytes
from labyard.settings.schema import Settings
from labyard.volumes.catalog import Entry, catalog
from labyard.volumes.sizes import Measured, Sizes
from labyard.web.sampler import Snapshot
from labyard.web.servers import Person
from labyard.web.view.pace import pace
from labyard.web.view.words import ago

_ICONS = {"home": "house", "workspace": "folder2", "cache": "lightning"}


@dataclass(frozen=True, slots=True)
class VolumeView:
    """One volume as the home page lists it; ``size`` is empty until it was measured."""

    key: str
    title: str
    description: str
    icon: str
    size: str
    resettable: bool


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do with a volume; ``why_not`` says why it cannot be done now, if so."""

    why_not: str = ""

    @property
    def possible(self) -> bool:
        """Return whether it can be done now."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class VolumeCard:
    """One volume with all that can be done with it.

    ``size`` is empty until it was measured; ``state`` is ``empty`` before the first start, ``shared``
    for what is everybody's, else ``own``.
    """

    key: str
    title: str
    description: str
    icon: str
    target: str
    state: str
    read_only: bool
    size: str
    files: str
    measured: str
    measuring: bool
    used_by: tuple[str, ...]
    download: Act
    upload: Act
    reset: Act

    @property
    def refusals(self) -> tuple[tuple[str, str], ...]:
        """Return what cannot be done now and why: what has the same reason stands together."""
        acts = {"Download": self.download, "Upload": self.upload, "Reset": self.reset}
        reasons = dict.fromkeys(act.why_not for act in acts.values() if not act.possible)
        return tuple(
            (", ".join(word for word, act in acts.items() if act.why_not == why), why)
            for why in reasons
        )


@dataclass(frozen=True, slots=True)
class Storage:
    """How much somebody's own volumes hold together, of how much they should."""

    words: str
    over: bool


@dataclass(frozen=True, slots=True)
class VolumesPage:
    """The page. ``refresh`` is seconds until it looks again; ``storage`` is None without a figure."""

    cards: tuple[VolumeCard, ...]
    error: LabyardError | None
    unmeasured: LabyardError | None
    refresh: int
    storage: Storage | None = None

    @property
    def measurable(self) -> bool:
        """Return whether there is anything to measure."""
        return any(card.state != "empty" for card in self.cards)


def view_volumes(
    owner: Owner,
    snapshot: Snapshot,
    known: Mapping[str, Measured],
    *,
    settings: Settings,
    names: Names,
) -> tuple[VolumeView, ...]:
    """Return the volumes that ``owner``'s labs have."""
    return tuple(
        VolumeView(
            key=entry.mount.key,
            title=entry.mount.key.capitalize(),
            description=", ".join(
                filter(None, [entry.description, "read only" if entry.mount.read_only else ""])
            ),
            icon=_icon(entry),
            size=_size(known.get(entry.mount.source)),
            resettable=entry.resettable and entry.exists,
        )
        for entry in catalog(settings.volumes, snapshot.volumes, owner, names)
    )


def volumes_page(
    person: Person,
    owner: Owner,
    snapshot: Snapshot,
    sizes: Sizes,
    *,
    settings: Settings,
    names: Names,
    now: datetime,
    quota: int | None = None,
) -> VolumesPage:
    """Return what to draw of ``owner``'s volumes. Nothing here asks the engine.

    ``quota`` is how many bytes the owner's own should hold together.
    """
    servers = _busy(person)
    entries = catalog(settings.volumes, snapshot.volumes, owner, names)
    cards = tuple(_card(entry, servers, snapshot.error, sizes, now) for entry in entries)
    return VolumesPage(
        cards,
        error=snapshot.error,
        unmeasured=sizes.error if snapshot.error is None else None,
        refresh=pace(
            (server.state for server in person.servers.values()),
            busy=any(card.measuring for card in cards),
        ),
        storage=None if quota is None else _storage(entries, sizes.known, quota),
    )


def _storage(entries: Iterable[Entry], known: Mapping[str, Measured], quota: int) -> Storage:
    own = [entry.mount.source for entry in entries if entry.exists and not entry.mount.shared]
    found = [known[source].size for source in own if source in known]
    used = sum(size.bytes for size in found)
    whole = len(found) == len(own) and all(size.whole for size in found)
    return Storage(
        f"{'' if whole else 'at least '}{show_bytes(used)} of {show_bytes(quota)}", used > quota
    )


def _busy(person: Person) -> Sequence[str]:
    """Return the servers that are not stopped, in words, the default one first."""
    return [
        name or "your server"
        for name, server in sorted(person.servers.items())
        if not server.stopped
    ]


def _card(
    entry: Entry,
    servers: Sequence[str],
    error: LabyardError | None,
    sizes: Sizes,
    now: datetime,
) -> VolumeCard:
    mount = entry.mount
    known = sizes.known.get(mount.source)
    size = known.size if known else None
    return VolumeCard(
        key=mount.key,
        title=mount.key.capitalize(),
        description=entry.description,
        icon=_icon(entry),
        target=mount.target,
        state="shared" if mount.shared else "own" if entry.exists else "empty",
        read_only=mount.read_only,
        size=_size(known),
        files=f"{size.files:,} file{'' if size.files == 1 else 's'}" if size else "",
        measured=f"measured {ago(now - known.at)}" if known else "",
        measuring=_measuring(entry, sizes),
        used_by=tuple(servers) if entry.exists else (),
        download=Act(_first(_why(entry, error))),
        upload=Act(_first([*_why(entry, error), *_filled(entry, servers)])),
        reset=Act(_first([*_why(entry, error), *_in_use(servers)])),
    )


def _size(known: Measured | None) -> str:
    if known is None:
        return ""
    return ("" if known.size.whole else "at least ") + show_bytes(known.size.bytes)


def _measuring(entry: Entry, sizes: Sizes) -> bool:
    source = entry.mount.source
    waiting = source not in sizes.known and sizes.error is None
    return entry.exists and (waiting or source in sizes.under_way)


def _why(entry: Entry, error: LabyardError | None) -> Iterable[str]:
    """Yield why nothing at all can be done with a volume."""
    if error is not None:
        yield "the engine does not answer"
    if entry.mount.shared:
        yield "use it inside JupyterLab"
    if entry.mount.kind is not MountKind.VOLUME:
        yield "a directory of the host"
    if not entry.exists:
        yield "the first start makes it"


def _filled(entry: Entry, servers: Sequence[str]) -> Iterable[str]:
    if entry.mount.read_only:
        yield "read only"
    yield from _in_use(servers)


def _in_use(servers: Sequence[str]) -> Iterable[str]:
    if servers:
        yield f"in use, stop {servers[0]} first"


def _first(reasons: Iterable[str]) -> str:
    return next(iter(reasons), "")


def _icon(entry: Entry) -> str:
    return "people" if entry.mount.shared else _ICONS.get(entry.mount.key, "hdd")
