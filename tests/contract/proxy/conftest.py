"""Both proxies as real processes, before real servers that say what reached them."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, web
from jupyterhub.httpclient import JupyterHubHTTPClient
from yarl import URL

from labyard.core.paths import Paths
from labyard.edge import config, configurable, haproxy, install, process
from labyard.edge.chp import CHPProxy
from labyard.edge.proxy import HAProxyProxy

BUILD = Path(__file__).parents[3] / ".build"
MAX_BODY = 100_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Backend:
    """A server that answers with its name and the request as it came, and echoes WebSockets."""

    name: str
    port: int
    opened: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._echo(request)
        body = await request.read()
        heard = {
            "name": self.name,
            "path": request.raw_path,
            "headers": [[key.lower(), value] for key, value in request.headers.items()],
            "body": len(body),
        }
        return web.json_response(heard, headers=self.response_headers)

    async def _echo(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        self.opened += 1
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await ws.send_str(f"{self.name}:{message.data}")
        return ws


@dataclass
class Edge:
    """One proxy under test: JupyterHub's class, its process, and a browser before it."""

    kind: str
    proxy: Any
    process: Any
    port: int
    paths: Paths
    browser: ClientSession
    remake: Callable[[], Any]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        """Send ``path`` byte for byte; return the status and who answered what, if it was a backend."""
        method = options.pop("method", "GET")
        url = URL(self.url + path, encoded=True)
        options.setdefault("allow_redirects", False)
        async with self.browser.request(method, url, **options) as response:
            backend = response.content_type == "application/json" and response.status == 200
            return response.status, await response.json() if backend else await response.text()

    async def reaches(self, path: str, **options: Any) -> str | None:
        """Return the name of the backend that answers, or None."""
        status, heard = await self.get(path, **options)
        return heard["name"] if status == 200 else None

    async def raw(self, request: bytes | str) -> bytes:
        """Send bytes as they are; return the whole answer, up to the end of the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request.encode() if isinstance(request, str) else request)
            return await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()

    async def eventually(self, path: str, name: str, patience: float = 10.0) -> None:
        """Wait until ``path`` reaches the backend called ``name``."""

        async def there() -> bool:
            try:
                return await self.reaches(path) == name
            except OSError:
                return False

        await until(there, patience)


async def until(true: Callable[[], Awaitable[bool]], patience: float = 10.0) -> None:
    """Wait until ``true`` is, at most ``patience`` seconds."""
    async with asyncio.timeout(patience):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.fixture
async def backends() -> AsyncIterator[Callable[[str], Any]]:
    """Makes a backend of a name."""
    runners = []

    async def make(name: str, **options: Any) -> Backend:
        backend = Backend(name, free_port(), **options)
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", backend.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", backend.port).start()
        runners.append(runner)
        return backend

    yield make
    for runner in runners:
        await runner.cleanup()


@pytest.fixture(scope="session")
def chp_command() -> tuple[str, str]:
    return install.ensure_chp(BUILD)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    # Deeper than a socket's path may be.
    paths = Paths(tmp_path / "a directory whose name is long" / ("deep" * 20))
    paths.make()
    paths.secret("proxy.token").write_text(secrets.token_hex(16))
    return paths


def start_haproxy(paths: Paths, port: int, **options: Any) -> haproxy.HAProxy:
    started = haproxy.HAProxy(paths)
    door = config.Door(
        address="127.0.0.1", port=port, max_body=MAX_BODY, account=haproxy.account(), **options
    )
    started.start(door)
    return started


def start_chp(paths: Paths, port: int, command: tuple[str, str], *, by_host: bool = False) -> Any:
    started = configurable.ConfigurableHTTPProxy(paths)
    started.start(configurable.Settings(command, "127.0.0.1", port, by_host))
    return started


@asynccontextmanager
async def running_edge(
    kind: str, paths: Paths, start: Callable[[Paths, int], Any], *, by_host: bool = False
) -> AsyncIterator[Edge]:
    port = free_port()
    klass = {"haproxy": HAProxyProxy, "chp": CHPProxy}[kind]

    def remake() -> Any:
        return klass(data_dir=str(paths.data), interval=0.2, host_routing=by_host)

    try:
        started = start(paths, port)
        proxy = remake()
        await proxy.start()
        async with ClientSession() as browser:
            edge = Edge(kind, proxy, started, port, paths, browser, remake)
            yield edge
            await edge.proxy.stop()
    finally:
        process.stop(paths)
        if JupyterHubHTTPClient.initialized():
            await JupyterHubHTTPClient.instance().close()
            JupyterHubHTTPClient.clear_instance()


@pytest.fixture(params=["haproxy", "chp"])
async def edge(request: pytest.FixtureRequest, paths: Paths) -> AsyncIterator[Edge]:
    """Each proxy in turn, without a route yet."""
    start: Any = start_haproxy
    if request.param == "chp":
        start = partial(start_chp, command=request.getfixturevalue("chp_command"))
    async with running_edge(request.param, paths, start) as edge:
        yield edge


@pytest.fixture(params=["haproxy", "chp"])
async def named(request: pytest.FixtureRequest, paths: Paths) -> AsyncIterator[Edge]:
    """Each proxy in turn, with routes by the host's name as well as by the path."""
    start: Any = partial(start_haproxy, by_host=True)
    if request.param == "chp":
        command = request.getfixturevalue("chp_command")
        start = partial(start_chp, command=command, by_host=True)
    async with running_edge(request.param, paths, start, by_host=True) as edge:
        yield edge


@pytest.fixture
async def front(request: pytest.FixtureRequest, paths: Paths) -> AsyncIterator[Edge]:
    """HAProxy, for what it alone can do. ``@pytest.mark.parametrize("front", [{...}], indirect=True)``
    opens another door than the usual one.
    """
    start = partial(start_haproxy, **getattr(request, "param", {}))
    async with running_edge("haproxy", paths, start) as edge:
        yield edge
