"""One server as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from labyard.core.models import Lab, Owner
from labyard.core.names import limits_told
from labyard.core.units import show_bytes, write_seconds
from labyard.options.declaration import kept
from labyard.options.limits import Limits
from labyard.options.profiles import outcome
from labyard.web.sampler import Snapshot
from labyard.web.servers import Server
from labyard.web.view.gpus import held_by
from labyard.web.view.meters import Meters, view_meters
from labyard.web.view.words import ago, cores, lasting

IN_USE = timedelta(minutes=6)  # a lab tells its activity every 5 minutes
_STATES = {
    "running": ("run", "Running"),
    "starting": ("wait", "Starting"),
    "stopping": ("wait", "Stopping"),
    "stopped": ("off", "Stopped"),
}


@dataclass(frozen=True, slots=True)
class MadeOf:
    """A lab's image and limits: cores and bytes, None for no limit."""

    image: str
    cpu: float | None
    memory: int | None


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server as it is drawn. ``state`` is a key of the words in ``_STATES``.

    ``withdrawn`` lists what its lab has that its owner may not have any more.
    """

    name: str
    state: str
    url: str
    made_of: str
    size: str
    times: str
    meters: Meters
    withdrawn: str = ""

    @property
    def kind(self) -> str:
        """Return the kind of state: its icon and colour."""
        return _STATES[self.state][0]

    @property
    def word(self) -> str:
        """Return the state in a word."""
        return _STATES[self.state][1]


def view_server(
    server: Server,
    owner: Owner,
    snapshot: Snapshot,
    limits: Limits,
    now: datetime,
    *,
    idle_timeout: float | None = None,
) -> ServerView:
    """Return one server as it is drawn; ``limits`` and ``idle_timeout`` (seconds) are its owner's."""
    state = server.state
    lab = snapshot.lab(owner.id, server.name)
    limited = snapshot.info is None or snapshot.info.isolated
    running = state == "running"
    made = made_of(server, lab if running else None, limits)
    cpu, memory = (made.cpu, made.memory) if limited else (None, None)
    gpus = held_by(lab if running else None, limits.devices)
    size = " · ".join(filter(None, [_size(cpu, memory), ", ".join(gpus)]))
    return ServerView(
        name=server.name,
        state=state,
        url=server.url,
        made_of=(
            " · ".join(filter(None, [made.image, size]))
            if limited
            else "a process of this machine, without limits"
        ),
        size=size,
        times=_times(server, now, idle_timeout) if running else "",
        meters=(
            view_meters(snapshot.usage(owner.id, server.name), cpu, memory, now)
            if running and snapshot.error is None
            else Meters()
        ),
        withdrawn=", ".join(server.withdrawn) if running else "",
    )


def made_of(server: Server, lab: Lab | None, limits: Limits) -> MadeOf:
    """Return what a server is made of: what its lab's labels say, else what a start would give."""
    chosen = kept(server.options)
    given = outcome(chosen, limits)
    image, cpu, memory = given.image or limits.images[0], given.cpu, given.memory
    if lab is not None:
        told = limits_told(lab.labels)
        image, (cpu, memory) = lab.image, told or (cpu, memory)
    return MadeOf(image, cpu, memory)


def _size(cpu: float | None, memory: int | None) -> str:
    return " · ".join(filter(None, [cores(cpu), show_bytes(memory) if memory else ""]))


def _times(server: Server, now: datetime, idle_timeout: float | None) -> str:
    parts = [f"started {ago(now - server.started)}"] if server.started else []
    if server.last_activity:
        quiet = now - server.last_activity
        parts.append(f"idle {lasting(quiet)}" if quiet > IN_USE else "in use")
    if idle_timeout is not None:
        parts.append(f"stops after {write_seconds(idle_timeout)} without use")
    return " · ".join(parts)
