"""Everybody's servers, as administrators see them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from labyard.core.models import Owner
from labyard.expiry.dates import Expiry
from labyard.options import words
from labyard.options.declaration import kept
from labyard.options.limits import Limits
from labyard.web.sampler import Snapshot
from labyard.web.servers import Failed, Owned
from labyard.web.view.expiry import ExpiryView, view_expiries
from labyard.web.view.server import IN_USE, ServerView, made_of, view_server
from labyard.web.view.words import ago, lasting

STATES = ("running", "starting", "stopping", "stopped")
NAMES = {"": "All", "active": "Not stopped", **{state: state.capitalize() for state in STATES}}


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server of a list. Times are in words; ``chosen`` are options as label and value."""

    owner: Owner
    view: ServerView
    image: str
    since: str
    idle: str
    ends: ExpiryView | None
    chosen: Sequence[tuple[str, str]]
    failed: Failed | None

    @property
    def called(self) -> str:
        """Return what it is called among all servers: ``anna`` or ``anna/train``."""
        return f"{self.owner.name}/{self.view.name}" if self.view.name else self.owner.name


def view_servers(
    servers: Sequence[Owned],
    snapshot: Snapshot,
    limits: Limits,
    ends: Mapping[tuple[int, str], Expiry],
    now: datetime,
) -> Sequence[ServerRow]:
    """Return the rows. ``limits`` are everybody's: what groups make of them stands where one looks closer."""
    return [_row(each, snapshot, limits, ends, now) for each in servers]


def _row(
    each: Owned,
    snapshot: Snapshot,
    limits: Limits,
    ends: Mapping[tuple[int, str], Expiry],
    now: datetime,
) -> ServerRow:
    owner, server = each.owner, each.server
    lab = snapshot.lab(owner.id, server.name) if server.ready else None
    quiet = now - server.last_activity if server.last_activity else None
    expiry = ends.get((owner.id, server.name))
    return ServerRow(
        owner=owner,
        view=view_server(server, owner, snapshot, limits, now),
        image=made_of(server, lab, limits).image,
        since=ago(now - server.started) if server.started and not server.stopped else "",
        idle=lasting(quiet) if quiet is not None and quiet > IN_USE and server.ready else "",
        ends=view_expiries({"": expiry}, now)[""] if expiry else None,
        chosen=words.told(kept(server.options)),
        failed=server.failed if server.stopped else None,
    )
