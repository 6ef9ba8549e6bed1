"""The service: a tornado application, its background work and its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from labyard.audit.recorder import Recorder
from labyard.audit.requests import Requests
from labyard.audit.retention import Retention
from labyard.audit.trail import Trail
from labyard.core.locks import UserLocks
from labyard.core.names import Names
from labyard.display.shelf import Shelf
from labyard.engines.base import Engine
from labyard.expiry.idling import Culler
from labyard.expiry.keeper import Keeper
from labyard.expiry.store import Expiries
from labyard.incidents.board import Board
from labyard.incidents.watcher import Watcher
from labyard.notices.asking import Asker
from labyard.notices.keys import Keys
from labyard.notices.sender import Sender
from labyard.policies.book import Book
from labyard.settings.load import Loaded
from labyard.settings.schema import Settings
from labyard.ssh.keyring import Keyring
from labyard.volumes.bounds import Filling, Reading
from labyard.volumes.reset import Reset
from labyard.volumes.sizes import Sizes
from labyard.volumes.transfers import Transfers
from labyard.web import recorded, security
from labyard.web.accounts import Accounts
from labyard.web.actions import Actions
from labyard.web.announced import Announcements
from labyard.web.dismissed import Dismissed
from labyard.web.ending import ServiceHands
from labyard.web.handlers import (
    account,
    admin,
    api,
    expiry,
    figures,
    files,
    home,
    incidents,
    keys,
    leaving,
    options,
    patterns,
    tokens,
    tools,
    volumes,
)
from labyard.web.handlers.base import Handler, Parts, Protected
from labyard.web.handlers.document import Describe, DocumentHandler, nothing
from labyard.web.hub import Hub
from labyard.web.leaving import Leaving
from labyard.web.look import sheet
from labyard.web.page import Frame
from labyard.web.people import People
from labyard.web.sampler import Sampler
from labyard.web.shares import Shares
from labyard.web.telling import teller
from labyard.web.unused import IdleHands

log = logging.getLogger(__name__)

# Seconds: how long a token that was withdrawn may still be believed, and how long a start may take
# besides pulling and starting.
_BELIEVED = 2
_MARGIN = 30.0

# All that is the same at every site and works with the parts.
ROUTES: tuple[tuple[str, type[Handler]], ...] = (
    *account.ROUTES,
    *admin.ROUTES,
    *tokens.ROUTES,
    *keys.ROUTES,
    *options.ROUTES,
    *expiry.ROUTES,
    *volumes.ROUTES,
    *leaving.ROUTES,
    *api.ROUTES,
)


class SignedInHandler(Protected, HubOAuthCallbackHandler):
    """Where the hub sends a browser back to."""


def make_parts(
    *,
    settings: Settings,
    loaded: Loaded,
    engine: Engine,
    locks: UserLocks,
    names: Names,
    people: People,
    keyring: Keyring,
    shelf: Shelf,
    expiries: Expiries,
    notice_keys: Keys,
    policies: Book,
    spool: Path,
    recorder: Recorder,
    trail: Trail,
    trusted: Collection[str],
    vouch: str,
) -> Parts:
    """Build what the handlers work with. The hub's address and token come from its environment."""
    auth = HubOAuth.instance(cache_max_age=_BELIEVED)
    labs, sizes, reading = settings.labs, Sizes(engine, names), Reading()
    actions = Actions(
        hub=Hub(auth.api_url, vouch=vouch),
        engine=engine,
        locks=locks,
        names=names,
        reset_volumes=Reset(settings.volumes, engine, locks, names, sizes, reading),
        transfers=Transfers(
            settings.volumes,
            settings.uploads,
            engine,
            locks,
            names,
            sizes,
            reading,
            Filling(settings.uploads.at_once),
        ),
        patience=labs.start_timeout + labs.pull_timeout + _MARGIN,
        grace=labs.stop_grace,
    )
    accounts = Accounts(actions.hub)
    audit = Requests(recorder, recorded.RULES, recorded.actor, trusted)
    notices, asker = Sender(notice_keys), Asker(notice_keys)
    shares = Shares(settings, policies, people)
    hands = ServiceHands(actions, people, notices, auth.api_token, audit)
    sampler = Sampler(engine, adopt=names.volume_prefix)
    return Parts(
        settings=settings,
        loaded=loaded,
        names=names,
        actions=actions,
        accounts=accounts,
        leaving=Leaving(accounts, actions),
        people=people,
        sampler=sampler,
        announcements=Announcements(actions.hub),
        dismissed=Dismissed(),
        sizes=sizes,
        watcher=Watcher(engine, Board(), teller(engine, notices), sampler.soon, asker.news),
        frame=Frame(settings),
        auth=auth,
        keyring=keyring,
        shelf=shelf,
        expiries=expiries,
        keeper=Keeper(expiries, hands),
        culler=Culler(IdleHands(hands, shares, asker)),
        audit=audit,
        trail=trail,
        shares=shares,
        spool=spool,
    )


def make_app(parts: Parts, cookie_secret: bytes, describe: Describe = nothing) -> Application:
    """Return the application; ``cookie_secret`` is 32 random bytes that outlive the process.

    ``describe`` makes the OpenAPI document.
    """

    def answered(handler: RequestHandler) -> None:
        log_request(handler)
        parts.audit.answered(handler)

    prefix = parts.auth.base_url
    given = {"parts": parts}
    routes: list[tuple[str, Any, dict[str, Any]]] = [
        (r"", home.HomeHandler, given),
        (r"figures", figures.FiguresHandler, given),
        (r"tools", tools.ToolsHandler, given),
        (r"tools/port", tools.PortHandler, given),
        (r"tools/terminal", tools.TerminalHandler, given),
        (r"tools/servers/([^/]+)", tools.ToolsHandler, given),
        (r"server/(start|stop|restart|delete|cancel)", home.ServerFormHandler, given),
        (r"incidents/dismiss", incidents.DismissHandler, given),
        *((path, handler, given) for path, handler in ROUTES),
        *(
            (path, handler, given)
            for path, handler in (patterns.ROUTES if parts.settings.site.patterns else ())
        ),
        (r"oauth_callback", SignedInHandler, {}),
        (r"site\.css", files.SiteStyleHandler, {"sheet": sheet(parts.settings.site)}),
        (r"static/(.*)", files.FileHandler, {}),
        (r"api/openapi\.json", DocumentHandler, {"describe": describe}),
        (r"api/.*", api.NothingHandler, given),
        (r".*", home.NowhereHandler, given),
    ]
    return Application(
        [(prefix + path, handler, kwargs) for path, handler, kwargs in routes],
        cookie_secret=cookie_secret,
        hub_auth=parts.auth,
        log_function=answered,
    )


def log_request(handler: RequestHandler) -> None:
    """Log a request without its query, which may carry a sign-in code, and files not at all."""
    status, request = handler.get_status(), handler.request
    level = logging.DEBUG if isinstance(handler, files.FileHandler) else logging.INFO
    log.log(
        logging.WARNING if status >= 500 else level,
        "%d %s %s %.0f ms",
        status,
        request.method,
        request.path,
        1000 * request.request_time(),
    )


async def serve(app: Application, parts: Parts, *, address: str, port: int) -> None:
    """Serve until cancelled."""
    server = HTTPServer(
        app,
        xheaders=True,
        max_body_size=security.MOST_READ,
        max_buffer_size=security.MOST_READ,
        idle_connection_timeout=75,
        body_timeout=30,
    )
    server.listen(port, address)
    background = [
        asyncio.create_task(work)
        for work in (
            parts.sampler.run(),
            parts.sizes.run(),
            parts.watcher.run(),
            parts.keeper.run(),
            Retention(parts.trail, parts.settings.audit.keep).run(),
            parts.culler.run(),
        )
    ]
    try:
        await asyncio.Event().wait()
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        server.stop()
        await parts.actions.hub.close()
        parts.people.close()
