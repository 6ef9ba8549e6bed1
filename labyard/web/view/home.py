"""The whole home page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from labyard.core.errors import LabyardError
from labyard.core.models import Owner
from labyard.core.names import Names
from labyard.policies.allowed import Allowed
from labyard.settings.schema import Settings
from labyard.volumes.sizes import Measured
from labyard.web.sampler import Snapshot
from labyard.web.servers import Person, Server
from labyard.web.view.gpus import GpusView, view_gpus
from labyard.web.view.pace import pace
from labyard.web.view.server import ServerView, view_server
from labyard.web.view.volumes import VolumeView, view_volumes


@dataclass(frozen=True, slots=True)
class Home:
    """The whole home page. ``refresh`` is seconds until it looks again."""

    server: ServerView
    others: tuple[ServerView, ...]
    volumes: tuple[VolumeView, ...]
    gpus: GpusView | None
    named_limit: int
    isolated: bool
    error: LabyardError | None
    refresh: int

    @property
    def volumes_in_use(self) -> str:
        """Return the first server that keeps volumes from being reset, in words, or nothing."""
        for server in (self.server, *self.others):
            if server.state != "stopped":
                return server.name or "your server"
        return ""


def home(
    person: Person,
    owner: Owner,
    snapshot: Snapshot,
    sizes: Mapping[str, Measured],
    *,
    allowed: Allowed,
    settings: Settings,
    names: Names,
    now: datetime,
) -> Home:
    """Return what to draw for ``person``.

    ``sizes`` are known ones by the volumes' names, ``allowed`` is what the person may have.
    """
    server, *others = (
        view_server(each, owner, snapshot, allowed.limits, now, idle_timeout=allowed.idle_timeout)
        for each in (person.server(""), *_named(person))
    )
    return Home(
        server=server,
        others=tuple(others),
        volumes=view_volumes(owner, snapshot, sizes, settings=settings, names=names),
        gpus=view_gpus(owner, snapshot, allowed.limits),
        named_limit=allowed.servers,
        isolated=snapshot.info is None or snapshot.info.isolated,
        error=snapshot.error,
        refresh=pace(view.state for view in (server, *others)),
    )


def _named(person: Person) -> list[Server]:
    return [person.servers[name] for name in sorted(person.servers) if name]
