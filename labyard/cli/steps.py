"""What ``labyard up`` does, step by step. ``plan`` decides which, each step does one thing."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from labyard import wiring
from labyard.cli.findings import judge_firewall
from labyard.cli.hub import HubProcess
from labyard.cli.ports import why_taken
from labyard.cli.progress import Bar
from labyard.cli.site import asked_host, local_url
from labyard.core.errors import SettingsError
from labyard.wiring import Installation

HUB_PATIENCE = 90.0  # seconds
_LOOK_AGAIN, _PORT_LOOKS = 0.2, 25  # seconds, times


@dataclass
class Ground:
    """What the steps stand on, and what they leave for those after them.

    ``undo`` is run when a later step fails, so that nothing half-started stays. ``warnings`` are
    sentences for the end, about what does not stop the place from working.
    """

    site: Installation
    hub: HubProcess
    undo: ExitStack = field(default_factory=ExitStack)
    warnings: list[str] = field(default_factory=list)


Act = Callable[[Ground, Bar], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the progress display."""

    title: str
    act: Act


async def check_ports(ground: Ground, bar: Bar) -> None:
    """See that nobody else has the ports; the edge may be ours already."""
    site, settings = ground.site, ground.site.settings
    wanted = {
        "hub.port": (site.choices.hub_address, settings.hub.port),
        "hub.service_port": ("127.0.0.1", settings.hub.service_port),
    }
    if not wiring.edge_running(site):
        wanted["edge.port"] = (settings.edge.address, settings.edge.port)
    taken = await _taken(wanted)
    if taken:
        raise SettingsError(
            " ".join(f"{path}: {why}." for path, why in taken.items()),
            remedy="Stop what uses it, or set another one in labyard.yaml. Nothing was started.",
        )


async def _taken(wanted: Mapping[str, tuple[str, int]]) -> Mapping[str, str]:
    """Return who has which port; what a hub that was just killed left has a moment to go."""
    for _ in range(_PORT_LOOKS):
        taken = {path: why for path, at in wanted.items() if (why := why_taken(*at))}
        if not taken:
            break
        await asyncio.sleep(_LOOK_AGAIN)
    return taken


async def choose(ground: Ground, bar: Bar) -> None:
    """Find the engine and the proxy, and where labs reach the hub."""
    chosen = await wiring.choose(ground.site, bar)
    bar(f"{chosen.engine}, {chosen.proxy}")


async def make_secrets(ground: Ground, bar: Bar) -> None:
    """Make the keys that are missing; those there are stay, and with them everybody's session."""
    for name in ("cookie", "cli.token", "proxy.token"):
        make_secret(ground.site.paths.secret(name))


def make_secret(path: Path) -> None:
    """Write 32 random bytes in hex to ``path``, for its owner alone, unless it is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))


async def prepare_database(ground: Ground, bar: Bar) -> None:
    """Bring the tables up to date, and the first administrator's secret out if none came yet."""
    wiring.prepare_database(ground.site)


async def prepare_labs(ground: Ground, bar: Bar) -> None:
    """Have what labs are made from: the image, or on the local engine its environment."""
    await wiring.prepare_labs(ground.site, bar)


async def open_network(ground: Ground, bar: Bar) -> None:
    """Give the hub its address for labs, and keep labs from the rest of this host."""
    if (status := wiring.prepare_network(ground.site)) is None:
        return
    finding = judge_firewall(status)
    if finding.remedy:
        ground.warnings.append(f"Firewall: {finding.sentence} {finding.remedy}")


async def start_edge(ground: Ground, bar: Bar) -> None:
    """Start the proxy unless it runs."""
    if wiring.start_edge(ground.site):
        ground.undo.callback(wiring.stop_edge, ground.site)
    else:
        bar("runs already")


async def start_hub(ground: Ground, bar: Bar) -> None:
    """Start the hub unless it runs, and wait until people reach it through the front door."""
    if ground.hub.pid is None:
        ground.site.note_start()
        ground.hub.start(ground.site.loaded.path)
        ground.undo.callback(ground.hub.stop)
    else:
        bar("runs already")
        if ground.site.changed:
            ground.warnings.append(
                "The settings have changed since the hub was started. `labyard down`, then"
                " `labyard up` takes them over; labs go on."
            )
    settings = ground.site.settings
    await ground.hub.wait(local_url(settings), HUB_PATIENCE, host=asked_host(settings))


def plan(*, hub_runs: bool) -> tuple[Step, ...]:
    """Return what is left to do."""
    # The firewall is looked after each time: whoever flushed the tables took its rules with them.
    running = (
        Step("Network", open_network),
        Step("Proxy", start_edge),
        Step("Hub", start_hub),
    )
    if hub_runs:
        return running
    return (
        Step("Engine and proxy", choose),
        Step("Ports", check_ports),
        Step("Keys", make_secrets),
        Step("Database", prepare_database),
        Step("Labs", prepare_labs),
        *running,
    )
