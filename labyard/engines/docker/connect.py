"""The way to an engine: which socket, and calls that end in time with an error people understand."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import aiodocker
import aiohttp
from aiodocker.networks import DockerNetwork
from aiodocker.volumes import DockerVolume

from labyard.core.models import Socket
from labyard.engines.docker.failures import NO_CONNECTION, explain, unreachable, without_passwords

T = TypeVar("T")
# aiodocker's own types are loose; what comes back is read in one place, ``read.py``.
Client = Any
NetworkHandle: Any = DockerNetwork
VolumeHandle: Any = DockerVolume

_UNIX = "unix://"
_GARBLED = (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError)


def candidates(environment: Mapping[str, str], home: Path) -> tuple[str, ...]:
    """Return the addresses where an engine is usually found, the likeliest first."""
    runtime = environment.get("XDG_RUNTIME_DIR")
    sockets = [
        Path("/var/run/docker.sock"),
        home / ".docker/run/docker.sock",
        *([Path(runtime) / "docker.sock"] if runtime else []),
        Path("/run/podman/podman.sock"),
        *([Path(runtime) / "podman/podman.sock"] if runtime else []),
    ]
    return tuple(f"{_UNIX}{socket}" for socket in sockets)


async def find_socket(explicit: str = "", *, patience: float = 3.0) -> str | None:
    """Return the address of an engine that answers within ``patience`` seconds, or None.

    An ``explicit`` address (``unix://``, ``tcp://`` or a path) is the only one that is tried.
    """
    wanted = (_address(explicit),) if explicit else candidates(os.environ, Path.home())
    for url in wanted:
        connection = Connection(url, patience)
        try:
            await connection.call("asking for the version", lambda d: d.version())
        except Exception:  # noqa: S112  a socket that fails in any way is not the one
            continue
        else:
            return url
        finally:
            await connection.close()
    return None


def _address(explicit: str) -> str:
    return explicit if "://" in explicit else _UNIX + explicit


class Making:
    """Requests that make something on an engine, followed to their end even if nobody waits."""

    def __init__(self) -> None:
        self.open: set[asyncio.Task[Any]] = set()
        self.lost = False  # whether one ended without an answer: the engine may still go on with it

    def follow(self, request: Awaitable[T]) -> asyncio.Future[T]:
        """Run ``request`` as a task of its own."""

        async def run() -> T:
            return await request

        task = asyncio.create_task(run())
        self.open.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.open.discard(task)
        error = None if task.cancelled() else task.exception()
        answered = isinstance(error, aiodocker.DockerError) and error.status != NO_CONNECTION
        self.lost = self.lost or task.cancelled() or (error is not None and not answered)


class _Client(aiodocker.Docker):
    """Asks for the API's version once, however many calls come at first: Podman takes long to tell."""

    def __init__(self, url: str, connector: aiohttp.UnixConnector | None) -> None:
        super().__init__(url, connector=connector)
        self._asking = asyncio.Lock()

    async def _check_version(self) -> None:
        if self.api_version == "auto":
            async with self._asking:
                await super()._check_version()


class Connection:
    """Calls to one engine. Each runs by itself: none waits for another."""

    def __init__(self, url: str, timeout: float) -> None:
        self.url = _address(url)
        self.timeout = timeout
        self._client: aiodocker.Docker | None = None
        self._connector: aiohttp.UnixConnector | None = None

    @property
    def socket(self) -> Socket | None:
        """Return the engine's socket, None where it is not one of this host."""
        path = Path(self.url.removeprefix(_UNIX))
        try:
            return Socket(str(path), path.stat().st_gid) if self.url.startswith(_UNIX) else None
        except OSError:
            return None

    async def call(
        self,
        doing: str,
        request: Callable[[Client], Awaitable[T]],
        *,
        extra: float = 0,
        making: Making | None = None,
    ) -> T:
        """Return what ``request`` returns, within the timeout and ``extra`` seconds.

        A request that makes something is not broken off when time is up, since the engine may go on
        with it: ``making`` keeps it in sight until it ends.

        Raises
        ------
        EngineUnreachable
            When the engine does not answer in time, or not sensibly.
        EngineError, Busy, NotFound
            When it answered with a failure.
        """
        seconds = self.timeout + extra

        async def bounded(client: Client) -> T:
            async with asyncio.timeout(seconds):
                if making is None:
                    return await request(client)
                return await asyncio.shield(making.follow(request(client)))

        return await self.paced(doing, bounded, seconds)

    async def paced(
        self, doing: str, request: Callable[[Client], Awaitable[T]], seconds: float
    ) -> T:
        """Return what ``request`` returns, which keeps time itself: it gives up after ``seconds``.

        Raises as :meth:`call` does.
        """
        try:
            return await request(self._open())
        except TimeoutError as error:
            raise unreachable(self.url, f"{doing} took more than {seconds:g} s") from error
        except aiodocker.DockerError as error:
            # An engine repeats the options of a share that it cannot mount; tracebacks show this one, too.
            error.message = without_passwords(error.message)
            error.args = (error.message,)
            raise explain(error.status, error.message, doing=doing, url=self.url) from error
        except _GARBLED as error:
            raise unreachable(self.url, f"{doing} broke off ({error})") from error

    async def stream(
        self, doing: str, source: Callable[[Client], AsyncGenerator[T, None]], *, extra: float = 0
    ) -> AsyncGenerator[T, None]:
        """Yield what ``source`` yields, each within the timeout and ``extra``. Raises as :meth:`call`.

        Whoever does not read to the end closes it, and with it the connection.
        """
        items: AsyncGenerator[T, None] | None = None

        async def following(client: Client) -> T | None:
            nonlocal items
            items = items or source(client)
            return await anext(items, None)

        try:
            while (item := await self.call(doing, following, extra=extra)) is not None:
                yield item
        finally:
            if items is not None:
                await items.aclose()

    async def close(self) -> None:
        """Let go of the sockets."""
        client, self._client = self._client, None
        connector, self._connector = self._connector, None
        if client is not None:
            await client.close()
        if connector is not None:
            await connector.close()

    def _open(self) -> Client:
        """Return the client, made on first use: it belongs to the running event loop."""
        if self._client is None:
            url = self.url
            if url.startswith(_UNIX):
                # No limit: a hundred calls that hang must not hold up the next one.
                self._connector = aiohttp.UnixConnector(url.removeprefix(_UNIX), limit=0)
                url = _UNIX + "localhost"
            self._client = _Client(url, self._connector)
        return self._client
