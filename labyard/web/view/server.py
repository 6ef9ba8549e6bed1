"""One server as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from labyard.core.models import Lab, Owner
from labyard.core.units import parse_bytes, show_bytes
from labyard.settings.schema import Labs, Settings
from labyard.web.hub import Server
from labyard.web.sampler import Snapshot
from labyard.web.view.meters import Meters, view_meters
from labyard.web.view.tools import Tool, view_tools
from labyard.web.view.words import ago, cores, lasting

_IN_USE = timedelta(minutes=6)  # a lab tells its activity every 5 minutes
_STATES = {
    "running": ("run", "Running"),
    "starting": ("wait", "Starting"),
    "stopping": ("wait", "Stopping"),
    "stopped": ("off", "Stopped"),
}


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server as it is drawn. ``state`` is a key of the words in ``_STATES``."""

    name: str
    state: str
    url: str
    made_of: str
    size: str
    times: str
    meters: Meters
    tools: tuple[Tool, ...]

    @property
    def kind(self) -> str:
        """Return the kind of state: its icon and colour."""
        return _STATES[self.state][0]

    @property
    def word(self) -> str:
        """Return the state in a word."""
        return _STATES[self.state][1]


def view_server(
    server: Server, owner: Owner, snapshot: Snapshot, settings: Settings, now: datetime
) -> ServerView:
    """Return one server as it is drawn."""
    state = server.state
    lab = snapshot.lab(owner.id, server.name)
    limited = snapshot.info is None or snapshot.info.isolated
    cpu, memory = limits(server, settings.labs) if limited else (None, None)
    running = state == "running"
    return ServerView(
        name=server.name,
        state=state,
        url=server.url,
        made_of=(
            _made_of(server, lab if running else None, settings.labs, cpu, memory)
            if limited
            else "a process of this machine, without limits"
        ),
        size=_size(cpu, memory),
        times=_times(server, now) if running else "",
        meters=(
            view_meters(snapshot.usage(owner.id, server.name), cpu, memory, now)
            if running and snapshot.error is None
            else Meters()
        ),
        tools=view_tools(server, settings) if running else (),
    )


def limits(server: Server, labs: Labs) -> tuple[float | None, int | None]:
    """Return the cores and bytes a server may use, as chosen for it or as usual."""
    chosen = server.options
    cpu, memory = chosen.get("cpu") or labs.cpu, chosen.get("memory") or labs.memory
    try:
        return (
            None if cpu is None else float(cpu),
            None if memory is None else parse_bytes(memory),
        )
    except (TypeError, ValueError):
        return labs.cpu, labs.memory


def _made_of(
    server: Server, lab: Lab | None, labs: Labs, cpu: float | None, memory: int | None
) -> str:
    image = lab.image if lab else str(server.options.get("image") or labs.image)
    return " · ".join(filter(None, [image, _size(cpu, memory)]))


def _size(cpu: float | None, memory: int | None) -> str:
    return " · ".join(filter(None, [cores(cpu), show_bytes(memory) if memory else ""]))


def _times(server: Server, now: datetime) -> str:
    parts = [f"started {ago(now - server.started)}"] if server.started else []
    if server.last_activity:
        quiet = now - server.last_activity
        parts.append(f"idle {lasting(quiet)}" if quiet > _IN_USE else "in use")
    return " · ".join(parts)
