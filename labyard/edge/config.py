"""From plain values to ``haproxy.cfg``. Pure.

Every name in it is relative: HAProxy is started in the directory that holds the file, so neither the depth
of the data directory nor what its name is made of matters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from labyard.edge import headers, pages
from labyard.edge.routes import PROTECTED
from labyard.edge.runtime import MAP, WORKER

# What never holds a secret, and is long: style sheets, scripts, drawings.
_FILES = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")
# Of a body whose length is not told beforehand (chunked): this much reaches the hub.
UNMEASURED = 8192


@dataclass(frozen=True, slots=True)
class Door:
    """The front door.

    ``max_body`` is in bytes and holds for hub and services; ``max_upload`` holds where people send files
    into their volumes, and nowhere else. ``external_url`` is what people type where
    something else takes their requests first; ``trusted`` are the addresses or networks of such, whose
    forwarding headers are believed, and their ``identity`` headers (lower-cased names) at the hub.
    ``vouch`` is what the hub knows the edge by. ``account`` is what HAProxy runs as, if it may choose.
    ``by_host`` looks for a route by the host's name as well as by the path.
    ``site`` is whose pages its errors are. ``patience`` is how many seconds a request's headers may take
    to arrive.
    """

    address: str
    port: int
    base_url: str = "/"
    external_url: str = ""
    max_body: int = 2**20
    max_upload: int = 4 * 2**30
    by_host: bool = False
    trusted: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    vouch: str = field(default="", repr=False)
    account: str | None = None
    threads: int = 1
    connections: int = 4096
    patience: int = 15
    site: pages.Site = pages.OURS


def render(door: Door) -> str:
    """Return the whole configuration."""
    sections = (
        _process(door),
        _defaults(door.patience),
        _frontend(door),
        _target("labs"),
        [*_target("platform"), *_compression()],
    )
    return "\n\n".join("\n    ".join(section) for section in sections) + "\n"


def _process(door: Door) -> list[str]:
    # Without SO_REUSEPORT a second proxy on the same port fails instead of taking half of the requests.
    return [
        "global",
        f"stats socket unix@{WORKER} mode 600 level admin expose-fd listeners",
        "stats timeout 30s",
        "noreuseport",
        *([f"user {door.account}", f"group {door.account}"] if door.account else []),
        f"maxconn {door.connections}",
        f"nbthread {door.threads}",
        "tune.bufsize 65536",
        "log stdout format raw local0",
    ]


def _defaults(patience: int) -> list[str]:
    # Requests must arrive within seconds; a WebSocket may be silent for hours.
    return [
        "defaults",
        "mode http",
        "log global",
        "option dontlognull",
        "option dontlog-normal",
        # Neither queries nor headers: they carry tokens.
        'log-format "%ci:%cp [%tr] %HM %HPO %ST %B %ts %Tr/%Ta ms %[var(txn.route)]"',
        f"timeout http-request {patience}s",
        "timeout http-keep-alive 60s",
        "timeout connect 3s",
        "timeout client 60s",
        "timeout client-fin 30s",
        "timeout server 15m",
        "timeout tunnel 8h",
        "timeout queue 10s",
        # What refuses is told at once: a retry waits a whole second, and browsers try again by themselves.
        "retries 0",
        *(f"errorfile {status} {status}.http" for status in pages.STATUSES),
    ]


def _frontend(door: Door) -> list[str]:
    host = f"[{door.address}]" if ":" in door.address else door.address
    return [
        "frontend edge",
        f"bind {host}:{door.port}",
        *_routing(door.base_url, by_host=door.by_host),
        *_limits(door),
        *_forwarding(door),
        *_spelling(door.base_url),
        *_answers(),
        "use_backend labs if lab",
        "default_backend platform",
    ]


def _routing(base_url: str, *, by_host: bool) -> list[str]:
    """Decide once what a path means, then look it up; see ``routes.key`` and ``routes.place``."""
    health = " ".join(dict.fromkeys(("/healthz", f"{base_url}healthz")))
    spelled = f"path,bytes(0,1024),regsub('{PROTECTED}','%25',g),url_dec,url_enc"
    away = [
        f"http-request redirect code 302 location {base_url} if {{ path / {base_url[:-1]} }}",
        f"http-request deny deny_status 404 unless {{ path -m beg {base_url} }}",
    ]
    return [
        "http-request deny deny_status 405 if { method CONNECT TRACE }",
        # A path that climbs, however it is written, is refused; so is a NUL, where names end for C.
        r"http-request deny deny_status 400 if { path -m reg"
        r" '(^|/|\\|%2[fF]|%5[cC])(\.|%2[eE]){2}(/|\\|%2[fF]|%5[cC]|$)' } or { path -m sub %00 }",
        "acl plain path -m reg '^[A-Za-z0-9/@._~-]*$'",
        "http-request set-var(txn.key) path if plain",
        "http-request set-var(txn.key)"
        f" \"{spelled},regsub('%2F','/',g),regsub('%40','@',g)\" unless plain",
        *(_by_host() if by_host else []),
        f"http-request set-var(txn.route) var(txn.key),map_beg({MAP}) unless {{ var(txn.route) -m found }}",
        "acl routed var(txn.route) -m found",
        "acl lab var(txn.route),field(3,|) -m str lab",
        "acl hub var(txn.route),field(3,|) -m str hub",
        *_health(health, base_url),
        *(away if base_url != "/" else []),
        "http-request deny deny_status 503 unless routed",
    ]


def _by_host() -> list[str]:
    """Look for the host's name and the path together; a name that is none leads where any name does."""
    host = "req.hdr(host),lower,field(1,:)"
    return [
        f"http-request set-var(txn.place) \"{host},concat(,txn.key)\" if {{ {host} -m reg '^[a-z0-9.-]+$' }}",
        f"http-request set-var(txn.route) var(txn.place),map_beg({MAP})",
    ]


def _health(paths: str, base_url: str) -> list[str]:
    # The front door is well when it leads somewhere.
    answer = "content-type application/json hdr cache-control no-store string"
    hub = f"{{ str({base_url}),map_beg({MAP}) -m found }}"
    return [
        f"acl health path {paths}",
        f'http-request return status 200 {answer} \'{{"status":"ok"}}\' if health {hub}',
        f'http-request return status 503 {answer} \'{{"status":"no hub"}}\' if health',
    ]


def _limits(door: Door) -> list[str]:
    service = re.escape(f"{door.base_url}services/labyard/")
    volume = "api/users/[^/]+/volumes/[a-z][a-z0-9]*/upload"
    return [
        # Spelled as the pages spell it: any other way of writing it is held to the usual limit.
        "http-request set-var(txn.upload) bool(true) if { method POST }"
        f" {{ path -m reg '^{service}(volumes/upload|{volume})$' }}",
        "acl upload var(txn.upload) -m found",
        "acl measured req.hdr(content-length) -m found",
        # Not req.hdr_val: that reads 32 bits of a number, and 4294967297 passes for 1.
        f"http-request deny deny_status 413 if !lab !upload measured {{ req.body_size gt {door.max_body} }}",
        f"http-request deny deny_status 413 if upload measured {{ req.body_size gt {door.max_upload} }}",
        # The service counts for itself what comes without a length.
        f"http-request wait-for-body time 15s at-least {UNMEASURED + 1} if !lab !upload !measured",
        f"http-request deny deny_status 413 if !lab !upload !measured {{ req.body_len gt {UNMEASURED} }}",
    ]


def _forwarding(door: Door) -> list[str]:
    unset = "!{ req.hdr(x-forwarded-%s) -m found }"
    return [
        *_sifted(door),
        "http-request add-header X-Forwarded-For %[src]",
        f"http-request set-header X-Forwarded-Host %[req.hdr(host)] if {unset % 'host'}",
        *(
            f"http-request set-header X-Forwarded-Proto https if {unset % 'proto'} {asked}"
            for asked in _asked_for(door.external_url, by_host=door.by_host)
        ),
        f"http-request set-header X-Forwarded-Proto http if {unset % 'proto'}",
        *([f"http-request set-header {headers.VOUCHED} {door.vouch} if hub"] if door.vouch else []),
        # A list of headers for the next hop to forget is not a stranger's to write.
        "http-request set-header Connection Upgrade if { req.hdr(connection) -i upgrade }",
        "http-request del-header Connection unless { req.hdr(connection) -i upgrade }",
    ]


def _sifted(door: Door) -> list[str]:
    """Take off who somebody is and where from, but what a trusted proxy says of it, rightly spelled."""

    def take_off(*but: str) -> str:
        return f"http-request del-header '{headers.pattern(door.identity, but)}' -m reg"

    if not door.trusted:
        return [take_off()]
    return [
        f"acl trusted src {' '.join(door.trusted)}",
        # Two that say different things: a proxy that lets through what others wrote.
        *(
            f"http-request deny deny_status 400 if trusted {{ req.fhdr_cnt({name}) gt 1 }}"
            for name in door.identity
        ),
        f"{take_off()} unless trusted",
        f"{take_off(*headers.FORWARDING)} if trusted !hub",
        f"{take_off(*headers.FORWARDING, *door.identity)} if trusted hub",
    ]


def _asked_for(url: str, *, by_host: bool) -> list[str]:
    """Return how to tell that a request came by TLS elsewhere: it asks for a name that people type."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not re.fullmatch(r"[\w.:\[\]-]+", parts.netloc, re.ASCII):
        return []
    below = [f"{{ req.hdr(host) -i -m end .{parts.netloc} }}"] if by_host else []
    return [f"{{ req.hdr(host) -i {parts.netloc} }}", *below]


def _spelling(base_url: str) -> list[str]:
    """Hand a lab its own name in its own spelling: its server knows itself by no other."""
    fields = base_url.count("/") + 2  # "", "user", the name, and what the base path adds
    return [
        f"http-request set-path %[var(txn.key),field(1,/,{fields})]/%[path,field({fields + 1},/,0)]"
        " if lab !plain"
    ]


def _answers() -> list[str]:
    absent = "unless { res.hdr(%s) -m found }"
    return [
        # A lab's page may not register a service worker above itself: it would answer for the hub.
        "http-response del-header Service-Worker-Allowed if lab",
        "http-response del-header Server",
        f"http-after-response set-header X-Content-Type-Options nosniff {absent % 'x-content-type-options'}",
        "http-after-response set-header Referrer-Policy same-origin"
        " if !lab !{ res.hdr(referrer-policy) -m found }",
    ]


def _target(name: str) -> list[str]:
    return [
        f"backend {name}",
        "http-request set-dst var(txn.route),field(1,|)",
        "http-request set-dst-port var(txn.route),field(2,|)",
        "http-reuse safe",
        "server target 0.0.0.0:0",
    ]


def _compression() -> list[str]:
    """Compress files, not pages: the length of a page that holds a token and a stranger's words tells."""
    return ["compression algo gzip", f"compression type {' '.join(_FILES)}"]
