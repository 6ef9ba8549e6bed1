"""The two long-running processes, put together."""

from __future__ import annotations

import asyncio
import atexit
import os
import resource
import signal
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labyard.core import lazy_iri, unlogged
from labyard.core.processes import end_with_parent
from labyard.gpu.assign import Gpus
from labyard.settings.apply import Place, apply
from labyard.settings.effective import effective
from labyard.settings.environment import HUB_PID, relevant
from labyard.settings.schema import Settings
from labyard.wiring.installation import Installation

if TYPE_CHECKING:
    from labyard.audit.requests import Requests, Rules
    from labyard.core.store import Store
    from labyard.policies.book import Book

CONFIG_FILE = Path(__file__).parents[2] / "jupyterhub_config.py"


def run_hub() -> None:
    """Run the hub until it is told to end."""
    lazy_iri.install()  # before JupyterHub imports what it defers
    unlogged.install()
    _open_as_many_files_as_allowed()
    from labyard.hub import Hub  # noqa: PLC0415

    Hub.launch_instance(["-f", str(CONFIG_FILE)])


def _open_as_many_files_as_allowed() -> None:
    """Each connection takes one, and a shell's usual 1,024 are soon used up."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def configure(config: Any) -> Path:
    """Fill JupyterHub's configuration, and return the settings file it came from.

    Called by ``jupyterhub_config.py``, inside the hub's process.
    """
    from labyard.auth import hub_users  # noqa: PLC0415
    from labyard.auth.native import LabyardAuthenticator  # noqa: PLC0415
    from labyard.core.store import Store  # noqa: PLC0415
    from labyard.edge.vouching import LOOPBACK, Vouching  # noqa: PLC0415
    from labyard.expiry.store import Expiries  # noqa: PLC0415
    from labyard.hub import Hub  # noqa: PLC0415
    from labyard.policies.book import Book  # noqa: PLC0415
    from labyard.spawners.groups import keep_built_in  # noqa: PLC0415
    from labyard.spawners.servers import named_servers  # noqa: PLC0415
    from labyard.spawners.spawner import LabSpawner  # noqa: PLC0415
    from labyard.spawners.workplace import Workplace  # noqa: PLC0415
    from labyard.web.page import template_paths, template_vars  # noqa: PLC0415
    from labyard.wiring.ways import ways  # noqa: PLC0415

    site = Installation.here()
    choices, settings = site.choices, site.settings
    engine, store = site.engine(), Store(site.database)
    policies = Book(store, settings.groups)
    audit = hub_audit(site, store)
    Hub.answered = audit.answered
    LabyardAuthenticator.audit = audit
    Hub.more_handlers = hub_handlers(policies, settings)
    Hub.after_groups = staticmethod(keep_built_in)
    LabyardAuthenticator.ways = ways(site, policies)
    Hub.vouching = Vouching(
        secret=site.vouch,
        edges=(*LOOPBACK, choices.hub_address),
        proxies=tuple(settings.edge.trusted_proxies),
        identity=settings.auth.header.headers,
    )
    LabSpawner.workplace = Workplace(
        settings=settings,
        names=site.names,
        engine=engine,
        locks=site.locks,
        keys=site.notice_keys,
        gpus=Gpus(settings.gpu.devices, engine.labs),
        expiries=Expiries(store),
        policies=policies,
        private=site.paths.data,
        audit=audit,
    )
    place = Place(
        settings_file=site.loaded.path,
        paths=site.paths,
        hub_address=choices.hub_address,
        proxy=choices.proxy,
        database=site.database,
        template_paths=(*template_paths(), *LabyardAuthenticator.template_paths()),
        template_vars=template_vars(settings, display_of=hub_users.display_of),
        environment={**relevant(os.environ), HUB_PID: str(os.getpid())},
    )
    apply(settings, place, config)
    config.JupyterHub.named_server_limit_per_user = named_servers
    return site.loaded.path


def hub_audit(site: Installation, store: Store) -> Requests:
    """Return what records the requests to the hub; what waits is written when the process ends."""
    from labyard.audit.recorder import Recorder  # noqa: PLC0415
    from labyard.audit.requests import Requests  # noqa: PLC0415
    from labyard.audit.trail import Trail  # noqa: PLC0415
    from labyard.auth.recorded import actor  # noqa: PLC0415

    recorder = Recorder(Trail(store).add)
    atexit.register(recorder.close)
    return Requests(recorder, hub_rules(), actor, site.trusted_proxies)


def hub_rules() -> Rules:
    """Return what the hub's routes are recorded as."""
    from labyard.audit.requests import forged  # noqa: PLC0415
    from labyard.auth import recorded as accounts  # noqa: PLC0415
    from labyard.hub import Foreign  # noqa: PLC0415
    from labyard.spawners import recorded as servers  # noqa: PLC0415

    return {**accounts.RULES, **servers.RULES, (Foreign, "*"): forged}


def hub_handlers(policies: Book, settings: Settings) -> list[tuple[Any, ...]]:
    """Return what the hub answers besides JupyterHub and the accounts: patterns below its prefix."""
    from labyard.auth import groups  # noqa: PLC0415
    from labyard.auth import policies as policies_api  # noqa: PLC0415
    from labyard.spawners import api, listing, starts  # noqa: PLC0415

    given = policies_api.handlers(policies, settings.labs.profiles)
    return [*api.handlers, *listing.handlers, *starts.handlers, *given, *groups.handlers(policies)]


def configured(config: Any) -> None:
    """Keep what the site's own files made of the settings, for the service.

    Called at the end of ``jupyterhub_config.py``.
    """
    site = Installation.here()
    site.keep(effective(site.settings, config))


def run_service() -> None:
    """Run the pages and their REST until the hub that started this is gone."""
    from labyard.audit.recorder import Recorder  # noqa: PLC0415
    from labyard.audit.trail import Trail  # noqa: PLC0415
    from labyard.core.store import Store  # noqa: PLC0415
    from labyard.display.shelf import Shelf  # noqa: PLC0415
    from labyard.expiry.store import Expiries  # noqa: PLC0415
    from labyard.policies.book import Book  # noqa: PLC0415
    from labyard.ssh.keyring import Keyring  # noqa: PLC0415
    from labyard.web.app import make_app, make_parts, serve  # noqa: PLC0415
    from labyard.web.people import People  # noqa: PLC0415
    from labyard.wiring.openapi import written  # noqa: PLC0415

    unlogged.install()
    end_with_parent(int(os.environ[HUB_PID]))
    site = Installation.here()

    async def run() -> None:
        _end_when_told()
        engine, store = site.engine(), Store(site.database)
        trail = Trail(store)
        recorder = Recorder(trail.add)
        try:
            parts = make_parts(
                settings=site.settings_of_the_hub,
                loaded=site.loaded,
                engine=engine,
                locks=site.locks,
                names=site.names,
                people=People(site.database),
                keyring=Keyring(store),
                shelf=Shelf(store),
                expiries=Expiries(store),
                notice_keys=site.notice_keys,
                policies=Book(store, site.settings.groups),
                spool=site.paths.data,
                recorder=recorder,
                trail=trail,
                trusted=site.trusted_proxies,
                vouch=site.vouch,
            )
            describe = partial(written, site.settings.base_url)
            app = make_app(parts, site.derived("service"), describe)
            await serve(app, parts, address="127.0.0.1", port=site.settings.hub.service_port)
        finally:
            await engine.close()
            await asyncio.to_thread(recorder.close)
            store.close()

    with suppress(asyncio.CancelledError):
        asyncio.run(run())


def _end_when_told() -> None:
    """End by the hub's signals, also where whoever started it ignores them, as in the background."""
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    assert this is not None  # noqa: S101  for mypy: a coroutine runs in a task
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, this.cancel)
