"""From Labyard's settings to JupyterHub's configuration. Pure: fills a ``traitlets`` Config.

Classes are named, not imported, so that this stays below the rooms they live in. A site's own
``jupyterhub_config.d/*.py`` runs afterwards and wins.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labyard.core.paths import Paths
from labyard.settings.load import beside
from labyard.settings.schema import Settings

SERVICE = "labyard"
CLI = "labyard-cli"
AUDIT = "custom:labyard:audit"
# Browsers that do not assume it themselves would send cookies with other sites' forms.
_COOKIES = {"samesite": "Lax"}
# A page that opened one of the hub's keeps no hold of it.
_HEADERS = {"Cross-Origin-Opener-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}
# A page acts with the rights of the person who clicks: on what is theirs, and for administrators on
# what the pages of administration are about. The hub gives nobody more of these than they have.
_CLICKED = (
    *("self", "admin-ui", "read:hub"),
    *("admin:users", "admin:servers", "admin:groups", "access:servers"),
)
_PATIENCE = 20  # seconds that a writer waits for another one on SQLite


@dataclass(frozen=True, slots=True)
class Place:
    """Where this hub runs: what cannot be read off the settings alone.

    ``hub_address`` is the address the hub's API listens on, reached by the edge and by labs;
    ``proxy`` is ``haproxy`` or ``chp``; ``database`` is a SQLAlchemy URL; ``environment`` is what
    the service is given besides: the variables that settings came from.
    """

    settings_file: Path
    paths: Paths
    hub_address: str
    proxy: str
    database: str
    template_paths: tuple[str, ...] = ()
    template_vars: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def apply(settings: Settings, place: Place, config: Any) -> None:
    """Write ``settings`` into JupyterHub's configuration."""
    _hub(settings, place, config.JupyterHub)
    for proxy in (config.HAProxyProxy, config.CHPProxy):
        proxy.data_dir = str(place.paths.data)
    _spawner(settings, config)
    _authenticator(settings, place, config.LabyardAuthenticator)
    _services(settings, place, config.JupyterHub)


def _hub(settings: Settings, place: Place, hub: Any) -> None:
    paths = place.paths
    hub.bind_url = f"http://{settings.edge.address}:{settings.edge.port}{settings.base_url}"
    hub.hub_bind_url = f"http://{place.hub_address}:{settings.hub.port}"
    hub.hub_connect_url = f"http://{place.hub_address}:{settings.hub.port}"
    if settings.public_url:
        hub.public_url = settings.public_url
    if settings.edge.subdomains:
        url = urlsplit(settings.external_url)
        hub.subdomain_host = f"{url.scheme}://{url.netloc}"
        # A lab may set cookies for the hub's name too; with this prefix browsers keep them apart.
        hub.cookie_host_prefix_enabled = url.scheme == "https"
    hub.db_url = place.database
    if place.database.startswith("sqlite"):
        hub.db_kwargs = {"connect_args": {"timeout": _PATIENCE, "check_same_thread": False}}
    hub.cookie_secret_file = str(paths.secret("cookie"))
    hub.log_level = settings.hub.log_level
    hub.max_body = settings.edge.max_body
    # Labs and the proxy outlive the hub.
    hub.cleanup_servers = False
    hub.cleanup_proxy = False
    hub.init_spawners_timeout = 1
    hub.allow_named_servers = True  # how many, the policy says
    hub.concurrent_spawn_limit = 0
    if settings.site.logo:
        hub.logo_file = str(beside(place.settings_file, settings.site.logo))
    hub.template_paths = list(place.template_paths)
    hub.template_vars = dict(place.template_vars)
    hub.custom_scopes = {AUDIT: {"description": "Read who did what on this hub."}}
    hub.default_url = f"{settings.base_url}services/{SERVICE}/"
    hub.tornado_settings = {"cookie_options": dict(_COOKIES), "headers": dict(_HEADERS)}
    hub.cookie_max_age_days = settings.auth.session / 86400
    if settings.auth.longest_token is not None:
        hub.token_expires_in_max_seconds = int(settings.auth.longest_token)
    hub.spawner_class = "labyard.spawners.spawner.LabSpawner"
    hub.authenticator_class = "labyard.auth.native.LabyardAuthenticator"
    hub.proxy_class = {
        "haproxy": "labyard.edge.proxy.HAProxyProxy",
        "chp": "labyard.edge.chp.CHPProxy",
    }[place.proxy]


def _spawner(settings: Settings, config: Any) -> None:
    labs = settings.labs
    config.LabSpawner.image = labs.image
    config.LabSpawner.images = list(labs.images)
    config.LabSpawner.max_cpu = labs.max_cpu
    config.LabSpawner.max_memory = labs.max_memory
    config.Spawner.cmd = ["labyard-lab"]
    config.Spawner.cpu_limit = labs.cpu
    config.Spawner.mem_limit = labs.memory
    config.Spawner.environment = dict(labs.environment)
    config.Spawner.notebook_dir = str(labs.notebook_dir)
    config.Spawner.default_url = "/lab"
    # The spawner keeps time itself, step by step; this is the hub's last resort.
    config.Spawner.start_timeout = int(labs.start_timeout + labs.pull_timeout + 60)
    config.Spawner.http_timeout = int(labs.start_timeout)
    config.Spawner.poll_interval = 10


def _authenticator(settings: Settings, place: Place, authenticator: Any) -> None:
    auth = settings.auth
    authenticator.database = place.database
    authenticator.data_dir = str(place.paths.data)
    authenticator.first_admin = auth.admin
    authenticator.sign_up = auth.sign_up
    authenticator.blocked_users = set(auth.blocked)
    authenticator.email_names = auth.email_names
    if auth.allow_list:
        authenticator.allow_list = str(beside(place.settings_file, auth.allow_list))
    authenticator.min_password = auth.min_password
    authenticator.per_address = auth.throttle.per_address
    authenticator.per_name = auth.throttle.per_name
    authenticator.window = auth.throttle.window
    authenticator.trusted_proxies = ["127.0.0.1", "::1", place.hub_address]
    authenticator.site_name = settings.site.name
    authenticator.site_help = settings.site.help


def _services(settings: Settings, place: Place, hub: Any) -> None:
    hub.services = [
        {
            "name": SERVICE,
            "url": f"http://127.0.0.1:{settings.hub.service_port}",
            "command": [sys.executable, "-m", "labyard", "service"],
            "environment": {
                **place.environment,
                "LABYARD_CONFIG": str(place.settings_file),
                "JUPYTERHUB_COOKIE_OPTIONS": json.dumps(_COOKIES),
            },
            "oauth_no_confirm": True,
            "oauth_client_allowed_scopes": list(_CLICKED),
            "display": False,
        },
        {"name": CLI, "api_token": place.paths.secret("cli.token").read_text().strip()},
    ]
    hub.load_roles = [
        {"name": "user", "scopes": ["self", f"access:services!service={SERVICE}"]},
        # For what nobody clicks: ending servers at their date, or unused. Pages act with a person's rights.
        {
            "name": SERVICE,
            "services": [SERVICE],
            "scopes": ["read:servers", "delete:servers"],
        },
        {
            "name": CLI,
            "services": [CLI],
            "scopes": [
                "admin:users",
                "admin:servers",
                "access:servers",
                "admin:groups",
                "list:users",
                "tokens",
                "read:hub",
                f"access:services!service={SERVICE}",
            ],
        },
    ]
