"""The hub's process: JupyterHub itself, with bounds on what it reads and on where it answers.

JupyterHub 6.1 has no setting for these. Labs can send past the edge, so the edge alone is not enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyterhub.app import JupyterHub
from jupyterhub.handlers.base import auth_header_pat
from jupyterhub.utils import subdomain_hook_idna
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, ErrorHandler, HTTPError, RequestHandler
from traitlets import Integer, default

from labyard.core.errors import Forbidden
from labyard.core.origins import refuse_foreign
from labyard.edge.vouching import Vouching

SERVICE = "labyard"
BODY_TIME = 30  # seconds a request's body may take


class BoundedApplication(Application):
    """Refuses what JupyterHub's handlers would choke on, before they see it.

    ``labs_below`` is the hub's own address where labs have host names of their own, below it. The hub
    answers on none of these: its pages would be of the same origin as a lab's. While it is ``ending`` it
    answers nobody: it would tell a start that its own end cut short as one that is ready. ``vouching`` is
    what it believes of whom.
    """

    max_body: int
    labs_below = ""
    ending = False
    vouching = Vouching()
    answered: Callable[[Any], None]

    def log_request(self, handler: Any) -> None:
        """Log a request that is answered, and let the audit know of it."""
        super().log_request(handler)
        self.answered(handler)

    def start_request(self, server_conn: object, request_conn: Any) -> Any:
        """Limit a request's body; tornado's own 100 MB of JSON stall the hub for seconds."""
        request_conn.set_max_body_size(self.max_body)
        request_conn.set_body_timeout(BODY_TIME)
        return super().start_request(server_conn, request_conn)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Forget what nobody vouches for; refuse what another page sent, and what JupyterHub fails over."""
        self._sift(request)
        if self.ending:
            return self.get_handler_delegate(request, GoingAway)
        if not can_be_read(request):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": 400})
        try:
            labs = f"{self.settings.get('base_url', '/')}user/"
            if auth_header_pat.match(request.headers.get("Authorization", "")):
                # Whoever sends a token is no browser that was misled; so a cookie does not count
                # beside it, or any page could have the one believed by sending a worthless other.
                request.headers.pop("Cookie", None)
            else:
                refuse_foreign(request.method or "", request.host, request.headers, labs=labs)
        except Forbidden as error:
            return self.get_handler_delegate(request, Foreign, {"error": error})
        if self.labs_below and is_below(request.host, self.labs_below):
            return self.get_handler_delegate(request, AtTheHub, {"origin": self.labs_below})
        return super().find_handler(request, **kwargs)

    def _sift(self, request: HTTPServerRequest) -> None:
        """Have ``request`` say where it came from and nothing else of that kind, see ``Vouching``.

        Tornado has already believed whoever wrote ``X-Real-Ip`` or ``X-Forwarded-Proto``.
        """
        address = getattr(request.connection, "context").address  # noqa: B009  untyped in tornado
        peer = str(address[0]) if isinstance(address, tuple) else "unix"
        request.remote_ip = self.vouching.sift(request.headers, peer)
        said = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
        request.protocol = "https" if said == "https" else "http"


class _Telling(RequestHandler):
    """Does nothing but say something, so that it says it without a token, too."""

    def check_xsrf_cookie(self) -> None:
        """Let everybody be told."""


class GoingAway(_Telling):
    """Tells whoever comes while the hub ends to come again: what it would say may be wrong by then."""

    def prepare(self) -> None:
        """Say it, whatever the path."""
        self.set_status(503)
        for name in ("Retry-After", "Refresh"):
            self.set_header(name, "3")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("The hub is going away. This page looks for it again by itself.\n")


class Foreign(_Telling):
    """Says why a request that another page sent is refused."""

    def initialize(self, error: Forbidden) -> None:
        """Take the reason."""
        self.error = error

    def prepare(self) -> None:
        """Say it, whatever the path."""
        self.set_status(self.error.status)
        self.finish(self.error.as_json())


class AtTheHub(RequestHandler):
    """Sends whoever looks for a lab that does not run to the hub's own address; refuses the rest."""

    def initialize(self, origin: str) -> None:
        """Take the hub's address, without a path."""
        self.origin = origin

    def prepare(self) -> None:
        """Do it, whatever the path."""
        if self.request.method not in {"GET", "HEAD"}:
            raise HTTPError(403)
        # The path begins with one slash: two would be another host.
        self.redirect(f"{self.origin}/{(self.request.uri or '').lstrip('/')}")


def can_be_read(request: HTTPServerRequest) -> bool:
    """Return whether a query is UTF-8, and where it leads to one line: JupyterHub sends it as a header."""
    try:
        query = {k: b"".join(v).decode() for k, v in request.query_arguments.items()}
    except UnicodeDecodeError:
        return False
    return not set(query.get("next", "")) & set("\r\n")


def is_below(host: str, url: str) -> bool:
    """Return whether ``host`` (of a request) is a name below that of ``url``."""
    name = host.partition(":")[0].rstrip(".").lower()
    return name.endswith(f".{urlsplit(url).hostname}")


def subdomain(name: str, domain: str, kind: str) -> str:
    """Return the host name of a user's labs, or of a service. Our own pages are part of the hub's."""
    if (kind, name) == ("service", SERVICE):
        return domain
    return str(subdomain_hook_idna(name, domain, kind))


class Hub(JupyterHub):  # type: ignore[misc]
    """JupyterHub on a bounded application."""

    name = "jupyterhub"  # so that JupyterHub's own configuration files and help apply

    # REST of other rooms, below the hub's prefix. Handed over by wiring.
    more_handlers: ClassVar[list[tuple[Any, ...]]] = []
    # What is done with the database once the site's own groups are in it. Handed over by wiring.
    after_groups: ClassVar[Callable[[Any], None]] = staticmethod(lambda db: None)

    # Whom the hub believes who somebody is and where from. Handed over by wiring.
    vouching: ClassVar[Vouching] = Vouching()

    # Told of every request that is answered. Handed over by wiring.
    answered: ClassVar[Callable[[Any], None]] = staticmethod(lambda handler: None)

    max_body = Integer(2**20, help="Largest request body in bytes.", config=True)

    @default("subdomain_hook")  # type: ignore[untyped-decorator]
    def _our_pages_are_the_hubs(self) -> Any:
        return subdomain

    async def init_groups(self) -> None:
        """Load the site's groups, then see to ours: also where an authenticator manages groups."""
        await super().init_groups()
        type(self).after_groups(self.db)

    def init_handlers(self) -> None:
        """Put other rooms' handlers before JupyterHub's, whose last one answers to everything."""
        super().init_handlers()
        self.handlers[:0] = self.add_url_prefix(self.hub_prefix, list(self.more_handlers))

    def init_tornado_application(self) -> None:
        """Make the application."""
        self.tornado_application = BoundedApplication(self.handlers, **self.tornado_settings)
        self.tornado_application.max_body = self.max_body
        self.tornado_application.answered = type(self).answered
        self.tornado_application.labs_below = self.subdomain_host
        self.tornado_application.vouching = type(self).vouching

    async def shutdown_cancel_tasks(self, sig: Any = None) -> None:
        """Answer nobody new, then end."""
        if self.tornado_application is not None:
            self.tornado_application.ending = True
        await super().shutdown_cancel_tasks(sig)
