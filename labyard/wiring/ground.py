"""What ``labyard up`` prepares, and what the proxy's process is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labyard.auth import bootstrap
from labyard.core.errors import EngineUnreachable, SettingsError
from labyard.edge import configurable, haproxy, install, pages, process
from labyard.edge.config import Door
from labyard.engines import firewall, host
from labyard.engines.local import install as local_install
from labyard.images import build
from labyard.images.progress import Bar
from labyard.settings import clashes
from labyard.settings.load import beside
from labyard.wiring import provider_files
from labyard.wiring.installation import Choices, Installation

BUILD = Path(__file__).parents[2] / ".build"
LOOPBACK = "127.0.0.1"


async def choose(site: Installation, bar: Bar) -> Choices:
    """Find engine and proxy, and where the hub listens, and keep to them from now on.

    What an earlier ``up`` found stays, unless the settings say otherwise: an engine that is away for a
    while must not make a hub of containers into a hub of processes.
    """
    kind, socket = await _engine(site, site.chosen)
    proxy = _proxy(site, bar)
    _see_headers_safe(site, proxy=proxy, engine=kind)
    choices = Choices(kind, socket, proxy, _hub_address(site, kind))
    site.choose(choices)
    return choices


def _see_headers_safe(site: Installation, *, proxy: str, engine: str) -> None:
    """Raise where what was found cannot keep others from setting the header that signs people in."""
    settings = site.settings
    header, proxies = settings.auth.header.name, settings.edge.trusted_proxies
    for _, sentence in clashes.unproxied(header, proxies, proxy=proxy, engine=engine):
        raise SettingsError(
            f"{sentence}.",
            remedy="Install what is missing, or empty auth.header.name to do without that way.",
        )


async def _engine(site: Installation, before: Choices | None) -> tuple[str, str]:
    from labyard.engines.docker.connect import find_socket  # noqa: PLC0415 - see Installation.engine

    settings = site.settings.engine
    if settings.kind == "local":
        return "local", ""
    if (
        before
        and settings.kind in ("auto", before.engine)
        and settings.socket in ("", before.socket)
    ):
        return before.engine, before.socket
    socket = await find_socket(settings.socket)
    if socket is None:
        if settings.kind == "auto" and not settings.socket:
            return "local", ""
        raise EngineUnreachable(
            f"No {settings.kind} answers{f' at {settings.socket}' if settings.socket else ''}.",
            remedy="Start it, or set engine.kind to local to run labs as processes, without isolation.",
        )
    found = await _kind(site, socket)
    if settings.kind not in ("auto", found):
        raise SettingsError(
            f"engine.kind is {settings.kind}, but {found} answers at {socket}.",
            remedy=f"Set engine.socket to the address of {settings.kind}, or engine.kind to {found}.",
        )
    return found, socket


async def _kind(site: Installation, socket: str) -> str:
    from labyard.engines.docker.engine import DockerEngine  # noqa: PLC0415

    engine = DockerEngine(socket, site.names, timeout=site.settings.engine.timeout)
    try:
        return (await engine.info()).kind
    finally:
        await engine.close()


def _proxy(site: Installation, bar: Bar) -> str:
    wanted = site.settings.edge.proxy
    if wanted != "chp":
        if install.haproxy_path() is None:
            bar("installing HAProxy, if this account may")
        if install.ensure_haproxy():
            return "haproxy"
    if wanted == "haproxy":
        raise SettingsError(
            "edge.proxy is haproxy, but HAProxy is not installed.",
            remedy="Install it (apt-get install haproxy), or set edge.proxy to auto.",
        )
    bar("installing configurable-http-proxy")
    install.ensure_chp(BUILD)
    return "chp"


def _hub_address(site: Installation, engine: str) -> str:
    if engine == "local":
        return LOOPBACK
    address = host.hub_address(site.settings.network.block)
    if host.ensure_address(address):
        return str(address)
    bridge = host.bridge_address()
    if bridge is None:
        raise SettingsError(
            f"Labs cannot reach a hub on this host: it lacks the address {address}.",
            remedy=f"As root, once after each boot: ip address add {address}/32 dev lo",
        )
    return str(bridge)


def prepare_database(site: Installation) -> None:
    """Bring the tables up to date, and make the bootstrap secret while there is no administrator.

    Raises
    ------
    SettingsError
        Also when a file that a way to sign in needs cannot be read.
    """
    # Most verbs of the command line never touch it, and its library is half of what they would read.
    from labyard.auth.accounts import Accounts  # noqa: PLC0415
    from labyard.core.store import Store, prepare  # noqa: PLC0415

    provider_files.check(site)
    prepare(site.database)
    store = Store(site.database)
    try:
        bootstrap.ensure(site.paths, Accounts(store), site.settings.auth.admin)
    finally:
        store.close()


def bootstrap_secret(site: Installation) -> str:
    """Return the first administrator's secret; empty once it was used."""
    return bootstrap.read(site.paths)


async def prepare_labs(site: Installation, bar: Bar) -> None:
    """Have what labs are made from: the image, or on the local engine its environment.

    An image of the site's own is left alone; one that is missing is pulled by the first start.
    """
    if site.choices.engine == "local":
        await local_install.ensure(site.lab_tools, bar)
    elif site.settings.labs.image == build.TAG and await _answers(site):
        await build_image(site, bar, tag=build.TAG)


async def build_image(
    site: Installation, bar: Bar, *, tag: str, base: str = "", tools: Sequence[str] = ()
) -> bool:
    """Build the lab image as ``tag``, with the web tools that are switched on and ``tools``.

    Returns whether it had to be built.
    """
    engine, socket = await _engine(site, site.chosen)
    if engine == "local":
        raise EngineUnreachable(
            "Images are built for Docker or Podman, and neither answers.",
            remedy="Start one of them.",
        )
    switched_on = [tool for tool, on in site.settings.labs.services if on]
    return await build.ensure(tag, engine, socket, bar, base=base, tools=[*switched_on, *tools])


async def _answers(site: Installation) -> bool:
    """Return whether the engine answers; a hub starts without it, labs when it is back."""
    engine = site.engine()
    try:
        await engine.info()
    except EngineUnreachable:
        return False
    finally:
        await engine.close()
    return True


def prepare_network(site: Installation) -> firewall.Status | None:
    """Keep labs from every service of this host but the hub's API, unless that is switched off.

    Returns how it stands with the rules, None where none are wanted.
    """
    if site.choices.engine == "local":
        return None
    if site.settings.network.firewall:
        return firewall.apply(site.firewall)
    firewall.remove(site.firewall)
    return None


def edge_running(site: Installation) -> bool:
    """Return whether the proxy runs."""
    return process.running(site.paths)


def start_edge(site: Installation) -> bool:
    """Start the proxy, or hand a running one changed settings; return whether it was started."""
    edge, base_url = site.settings.edge, site.settings.base_url
    look = _look(site)
    if site.choices.proxy == "haproxy":
        door = Door(
            address=edge.address,
            port=edge.port,
            base_url=base_url,
            external_url=site.settings.external_url,
            max_body=edge.max_body,
            site=look,
            max_upload=site.settings.uploads.max_size,
            by_host=edge.subdomains,
            trusted=tuple(edge.trusted_proxies),
            identity=site.settings.auth.header.headers,
            vouch=site.vouch,
            account=haproxy.account(),
            threads=haproxy.threads(),
            connections=haproxy.connections(),
        )
        return haproxy.HAProxy(site.paths).start(door)
    fallback = configurable.Settings(
        command=install.ensure_chp(BUILD),
        address=edge.address,
        port=edge.port,
        by_host=edge.subdomains,
    )
    return configurable.ConfigurableHTTPProxy(site.paths).start(fallback, base_url, look)


def _look(site: Installation) -> pages.Site:
    look = site.settings.site
    logo = pages.inlined(beside(site.loaded.path, look.logo)) if look.logo else ""
    return pages.Site(look.name, look.colour, look.accent, logo)


def stop_edge(site: Installation) -> bool:
    """Stop the proxy; return whether it ran."""
    return process.stop(site.paths)
