"""What the home page shows, decided here: pure functions from what is known to what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from labyard.core.errors import LabyardError
from labyard.core.models import Lab, Owner, Usage
from labyard.core.names import Names
from labyard.core.units import parse_bytes, show_bytes
from labyard.settings.schema import Labs, Settings
from labyard.volumes.catalog import catalog
from labyard.web.hub import Person, Server
from labyard.web.sampler import Snapshot

_HIGH = 0.85
_IN_USE = timedelta(minutes=6)  # a lab tells its activity every 5 minutes
_TOOLS = {
    "tensorboard": ("TensorBoard", "graph-up"),
    "mlflow": ("MLflow", "clipboard-data"),
    "glances": ("Glances", "speedometer2"),
}
_VOLUME_ICONS = {"home": "house", "workspace": "folder2", "cache": "lightning"}
_STATES = {
    "running": ("run", "Running"),
    "starting": ("wait", "Starting"),
    "stopping": ("wait", "Stopping"),
    "stopped": ("off", "Stopped"),
}


@dataclass(frozen=True, slots=True)
class Meter:
    """One figure of a running lab. ``percent`` is None without a limit; ``spark`` is SVG points."""

    title: str
    value: str
    of: str
    percent: int | None
    spark: str

    @property
    def high(self) -> bool:
        """Return whether little is left."""
        return self.percent is not None and self.percent >= 100 * _HIGH


@dataclass(frozen=True, slots=True)
class Tool:
    """A web tool inside a running lab."""

    title: str
    icon: str
    url: str


@dataclass(frozen=True, slots=True)
class ServerView:
    """One server as it is drawn. ``state`` is a key of the words in ``_STATES``."""

    name: str
    state: str
    url: str
    made_of: str
    size: str
    times: str
    meters: tuple[Meter, ...]
    tools: tuple[Tool, ...]

    @property
    def kind(self) -> str:
        """Return the kind of state: its icon and colour."""
        return _STATES[self.state][0]

    @property
    def word(self) -> str:
        """Return the state in a word."""
        return _STATES[self.state][1]


@dataclass(frozen=True, slots=True)
class VolumeView:
    """One volume as it is drawn."""

    key: str
    title: str
    description: str
    icon: str
    resettable: bool


@dataclass(frozen=True, slots=True)
class Home:
    """The whole home page. ``refresh`` is seconds until it looks again."""

    server: ServerView
    others: tuple[ServerView, ...]
    volumes: tuple[VolumeView, ...]
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
    *,
    settings: Settings,
    names: Names,
    now: datetime,
) -> Home:
    """Return what to draw for ``person``."""
    server = view_server(person.server(""), owner, snapshot, settings, now)
    others = tuple(
        view_server(person.servers[name], owner, snapshot, settings, now)
        for name in sorted(person.servers)
        if name
    )
    moving = any(s.state in {"starting", "stopping"} for s in (server, *others))
    return Home(
        server=server,
        others=others,
        volumes=_volumes(owner, snapshot, settings, names),
        named_limit=settings.labs.named_servers,
        isolated=snapshot.info is None or snapshot.info.isolated,
        error=snapshot.error,
        refresh=2 if moving else 10,
    )


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
            _meters(snapshot.usage(owner.id, server.name), cpu, memory)
            if running and snapshot.error is None
            else ()
        ),
        tools=_tools(server, settings) if running else (),
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
    return " · ".join(filter(None, [_cores(cpu), show_bytes(memory) if memory else ""]))


def _cores(cpu: float | None) -> str:
    return "" if cpu is None else f"{cpu:g} core{'' if cpu == 1 else 's'}"


def _times(server: Server, now: datetime) -> str:
    parts = [f"started {_ago(now - server.started)}"] if server.started else []
    if server.last_activity:
        quiet = now - server.last_activity
        parts.append(f"idle {_span(quiet)}" if quiet > _IN_USE else "in use")
    return " · ".join(parts)


def _ago(span: timedelta) -> str:
    return "just now" if span < timedelta(minutes=1) else f"{_span(span)} ago"


def _span(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // (24 * 60)} days"


def _meters(samples: Sequence[Usage], cpu: float | None, memory: int | None) -> tuple[Meter, ...]:
    if not samples:
        return ()
    now = samples[-1]
    return (
        Meter(
            "CPU",
            f"{now.cpu:.1f}",
            f"of {_cores(cpu)}" if cpu else "cores",
            _percent(now.cpu, cpu),
            _spark([s.cpu for s in samples], cpu),
        ),
        Meter(
            "Memory",
            show_bytes(now.memory),
            f"of {show_bytes(memory)}" if memory else "",
            _percent(now.memory, memory),
            _spark([s.memory for s in samples], memory),
        ),
    )


def _percent(value: float, limit: float | None) -> int | None:
    return min(100, round(100 * value / limit)) if limit else None


def _spark(values: Sequence[float], limit: float | None) -> str:
    """Return the points of a line in a box of 100 by 28, or nothing for fewer than two values."""
    if len(values) < 2:
        return ""
    top = limit or max(values) or 1.0
    step = 100 / (len(values) - 1)
    return " ".join(
        f"{i * step:.1f},{27 - 26 * min(1.0, value / top):.1f}" for i, value in enumerate(values)
    )


def _tools(server: Server, settings: Settings) -> tuple[Tool, ...]:
    enabled = settings.labs.services
    return tuple(
        Tool(title, icon, f"{server.url}{name}/")
        for name, (title, icon) in _TOOLS.items()
        if getattr(enabled, name)
    )


def _volumes(
    owner: Owner, snapshot: Snapshot, settings: Settings, names: Names
) -> tuple[VolumeView, ...]:
    return tuple(
        VolumeView(
            key=entry.mount.key,
            title=entry.mount.key.capitalize(),
            description=", ".join(
                filter(None, [entry.description, "read only" if entry.mount.read_only else ""])
            ),
            icon="people" if entry.mount.shared else _VOLUME_ICONS.get(entry.mount.key, "hdd"),
            resettable=entry.resettable and entry.exists,
        )
        for entry in catalog(settings.volumes, snapshot.volumes, owner, names)
    )


def utc_now() -> datetime:
    """Return the time as the hub writes it."""
    return datetime.now(UTC)
