"""Gathers what ``labyard doctor`` judges. Each look is a small function that may not fail itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from sqlalchemy import text

from labyard import wiring
from labyard.cli import findings as f
from labyard.cli.findings import Finding
from labyard.cli.hub import HubProcess, healthy, service_answers
from labyard.cli.ports import why_taken
from labyard.cli.site import asked_host, local_url
from labyard.core.errors import LabyardError
from labyard.core.models import EngineInfo
from labyard.core.store import Store
from labyard.engines import firewall, host
from labyard.wiring import Installation

Look = Callable[[Installation], Awaitable[list[Finding]]]


async def examine(site: Installation) -> list[Finding]:
    """Return every finding, in the order of the parts below."""
    return [finding for look in LOOKS for finding in await _safely(look, site)]


async def _safely(look: Look, site: Installation) -> list[Finding]:
    about = look.__name__.replace("_", " ")
    try:
        return await look(site)
    except LabyardError as error:
        return [f.fail(about, error.message, error.remedy or "See the log of the hub.")]
    except OSError as error:
        return [f.fail(about, f"{error}.", "See that this account may read and reach it.")]


async def settings(site: Installation) -> list[Finding]:
    """Is there anything in them that does nothing, or is not in use yet?"""
    hub_runs = HubProcess(site.paths).pid is not None
    return list(f.judge_settings(site.loaded.warnings, stale=hub_runs and site.changed))


async def engine(site: Installation) -> list[Finding]:
    """Does it answer, how old is it, is the lab image there, and does it tell the same time?"""
    if site.chosen is None:
        return [f.warn("engine", "None was chosen yet.", "labyard up")]
    found = site.engine()
    try:
        info = await found.info()
        present = await found.has_image(site.settings.labs.image)
    finally:
        await found.close()
    return list(_engine_findings(info, site.settings.labs.image, present))


def _engine_findings(info: EngineInfo, image: str, present: bool) -> Iterator[Finding]:
    if not info.isolated:
        yield f.warn(
            "engine",
            "Labs run as processes of this machine: nothing keeps them from each other.",
            "Install Docker or Podman for anybody but yourself: apt-get install docker.io",
        )
        return
    yield f.ok("engine", f"{info.kind.capitalize()} {info.version} answers, cgroup {info.cgroup}.")
    yield f.judge_api(info.details.get("api", ""))
    yield f.judge_runc(info.details.get("runtime", ""))
    if said := info.details.get("time"):
        offset = (datetime.now(UTC) - datetime.fromisoformat(said[:19] + "+00:00")).total_seconds()
        yield f.judge_clock(offset, "the engine")
    yield f.judge_image(image, present)


async def network(site: Installation) -> list[Finding]:
    """Can labs reach the hub, and nothing else of this host?"""
    chosen = site.chosen
    if chosen is None or chosen.engine == "local":
        return []
    found = [f.judge_address(chosen.hub_address, host.has_address(IPv4Address(chosen.hub_address)))]
    if site.settings.network.firewall:
        found.append(f.judge_firewall(firewall.check(site.firewall)))
    else:
        found.append(
            f.warn("firewall", "It is switched off by network.firewall.", "Set it to true.")
        )
    return found


async def proxy(site: Installation) -> list[Finding]:
    """Is the program there, and does it run?"""
    chosen = site.chosen
    if chosen is None:
        return []
    hub_runs = HubProcess(site.paths).pid is not None
    return [f.judge_proxy(chosen.proxy, runs=wiring.edge_running(site), hub_runs=hub_runs)]


async def ports(site: Installation) -> list[Finding]:
    """Are they free, or ours?"""
    settings, hub_runs = site.settings, HubProcess(site.paths).pid is not None
    hub_address = site.chosen.hub_address if site.chosen else "127.0.0.1"
    listeners = (
        ("edge.port", settings.edge.address, settings.edge.port, wiring.edge_running(site)),
        ("hub.port", hub_address, settings.hub.port, hub_runs),
        ("hub.service_port", "127.0.0.1", settings.hub.service_port, hub_runs),
    )
    return [
        f.judge_port(path, port, why_taken(address, port), ours=ours)
        for path, address, port, ours in listeners
    ]


async def disk(site: Installation) -> list[Finding]:
    """Is there room?"""
    place = site.paths.data
    while not place.exists():
        place = place.parent
    return [f.judge_disk(place, shutil.disk_usage(place).free)]


async def names(site: Installation) -> list[Finding]:
    """Do the names that this installation depends upon resolve?"""
    host = urlsplit(site.settings.external_url).hostname
    # With names of labs' own any name below the host has to lead here; this one stands for all.
    below = f"labyard-doctor.{host}" if host and site.settings.edge.subdomains else None
    wanted = [host, below, _registry(site.settings.labs.image)]
    hosts = [host for host in wanted if host] or [socket.gethostname()]
    return [await asyncio.to_thread(_resolve, host) for host in hosts]


def _registry(image: str) -> str | None:
    first, slash, _ = image.partition("/")
    return first.partition(":")[0] if slash and ("." in first or ":" in first) else None


def _resolve(host: str) -> Finding:
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        return f.warn(
            "dns",
            f"{host} cannot be resolved: {error.strerror}.",
            "Check /etc/resolv.conf and /etc/hosts.",
        )
    return f.ok("dns", f"{host} resolves.")


async def data(site: Installation) -> list[Finding]:
    """Is what is ours private?"""
    paths = site.paths
    if not paths.data.exists():
        return [f.warn("data directory", f"{paths.data} is not there yet.", "labyard up")]
    status = paths.data.stat()
    found = [f.judge_private(paths.data, status.st_mode, status.st_uid, os.geteuid())]
    judged = [f.judge_secret(s, s.stat().st_mode) for s in sorted(paths.secrets.glob("*"))]
    bad = [finding for finding in judged if finding.state is not f.State.OK]
    return found + (bad or [f.ok("secrets", f"{len(judged)} secrets, each private.")])


async def database(site: Installation) -> list[Finding]:
    """Does it answer, and how does it keep its journal?"""
    if site.chosen is None:
        return []
    return [await asyncio.to_thread(_database, site.database)]


def _database(url: str) -> Finding:
    store = Store(url)
    try:
        with store.read() as connection:
            kind = connection.dialect.name
            query = "PRAGMA journal_mode" if kind == "sqlite" else "SELECT ''"
            return f.judge_journal(kind, str(connection.execute(text(query)).scalar()))
    finally:
        store.close()


async def hub(site: Installation) -> list[Finding]:
    """Does it answer through the front door, and its service too?"""
    process, url = HubProcess(site.paths), local_url(site.settings)
    if process.pid is None:
        return [f.warn("hub", "It does not run.", "labyard up")]
    if not await asyncio.to_thread(healthy, url):
        return [
            f.fail(
                "hub", f"It runs and does not answer at {url}.", f"Read the end of {process.log}."
            )
        ]
    pages = await asyncio.to_thread(service_answers, url, asked_host(site.settings))
    return [f.ok("hub", f"It answers at {url}."), f.judge_service(pages, url)]


LOOKS: tuple[Look, ...] = (
    settings,
    engine,
    network,
    ports,
    disk,
    names,
    data,
    database,
    proxy,
    hub,
)
