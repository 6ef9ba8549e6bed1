"""configurable-http-proxy's process.

Its REST API listens on loopback and asks for a token, which it takes from its environment and from nowhere
else: the kernel shows that to the same account and to root only, who can read the token's file as well.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from labyard.core.files import replace
from labyard.core.paths import Paths
from labyard.edge import pages
from labyard.edge.errors import EdgeError
from labyard.edge.process import EdgeProcess

LOOPBACK = "127.0.0.1"
_CONFIG = "chp.json"
# What it reads for an answer of its own: for a status, or for all others -> which page that is.
_PAGES = {"404.html": 404, "503.html": 503, "error.html": 502}
_ANY = {"0.0.0.0": LOOPBACK, "::": "::1", "": LOOPBACK}  # noqa: S104 - read, not bound


@dataclass(frozen=True, slots=True)
class Settings:
    """How configurable-http-proxy is started.

    ``command`` is node and the script. ``by_host`` looks for a route by the host's name as well as
    by the path. ``api_port`` 0 takes a free one, and keeps it.
    """

    command: tuple[str, ...]
    address: str
    port: int
    by_host: bool = False
    api_port: int = 0


class ConfigurableHTTPProxy(EdgeProcess):
    """The fallback where HAProxy cannot be installed. It forgets its routes when it ends."""

    kind = "chp"

    def __init__(self, paths: Paths) -> None:
        super().__init__(paths)
        self._file = paths.edge / _CONFIG
        self._token_file = paths.secret("proxy.token")

    def start(self, settings: Settings, home: str = "/", site: pages.Site = pages.OURS) -> bool:
        """Serve as ``settings`` say; return whether it had to be started.

        One that runs with other settings is started anew: it cannot take them over. Its pages are read
        when they are needed; ``home`` is where their link leads, ``site`` whose they are.

        Raises
        ------
        EdgeError
            When it does not start.
        """
        with self._turn():
            for file, status in _PAGES.items():
                replace(self._file.with_name(file), pages.document(status, home, site))
            if not self._configure(settings):
                self.pid_file.stop(0.0)
            return self._launch_unless_running()

    @property
    def api_url(self) -> str:
        """Return where the REST API listens."""
        return f"http://{LOOPBACK}:{self._settings().api_port}"

    def token(self) -> str:
        """Return the REST API's token."""
        return self._token_file.read_text().strip()

    def _configure(self, settings: Settings) -> bool:
        """Write the settings; return whether they are those of before."""
        wanted = asdict(settings)
        try:
            before = json.loads(self._file.read_text())
        except (OSError, ValueError):
            before = {}
        wanted["api_port"] = settings.api_port or before.get("api_port") or _free_port()
        wanted = json.loads(json.dumps(wanted))
        if wanted != before:
            replace(self._file, json.dumps(wanted))
        return bool(wanted == before)

    def _settings(self) -> Settings:
        try:
            return Settings(**json.loads(self._file.read_text()))
        except (OSError, ValueError, TypeError):
            raise EdgeError(
                "The proxy was never started.", remedy="`labyard up` starts it."
            ) from None

    def _command(self) -> Sequence[str]:
        settings = self._settings()
        return [
            *settings.command,
            *("--ip", settings.address, "--port", str(settings.port)),
            *("--api-ip", LOOPBACK, "--api-port", str(settings.api_port)),
            *("--error-path", str(self._file.parent), "--log-level", "warn"),
            *(["--host-routing"] if settings.by_host else []),
        ]

    def _environment(self) -> Mapping[str, str]:
        return {"PATH": os.defpath, "CONFIGPROXY_AUTH_TOKEN": self.token()}

    def _see_ports_free(self) -> None:
        # It goes on for a moment when it finds its port taken, and whoever has that would be taken for it.
        settings = self._settings()
        for address in ((settings.address, settings.port), (LOOPBACK, settings.api_port)):
            try:
                socket.create_server(address, family=_family(address[0])).close()
            except OSError as error:
                raise EdgeError(
                    f"The proxy (chp) did not start: {error.strerror}: {address[0]}:{address[1]}",
                    remedy="Stop what uses that port, or set another one.",
                ) from None

    def _ready(self) -> bool:
        settings = self._settings()
        public = (_ANY.get(settings.address, settings.address), settings.port)
        return _listens(public) and _listens((LOOPBACK, settings.api_port))


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
