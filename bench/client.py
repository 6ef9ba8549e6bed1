"""The person with the stopwatch: the same requests to both sides, through hub and proxy."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiodocker
import aiohttp

from bench.sides import Side

PATIENCE = 600.0  # seconds for one start
LAB_PORT = 8888
_LOOK = 0.004
_ASK_PROXY = 0.01
_ASK_ENGINE = 0.05
_ASK_HUB = 0.2


@dataclass(frozen=True, slots=True)
class Start:
    """One start, in seconds since the click: when the lab's port opened, and when it was served."""

    listening: float
    ready: float

    @property
    def noticed(self) -> float:
        """Return how long the lab listened before it was served."""
        return self.ready - self.listening


class Client:
    """Asks one side. Use it as an asynchronous context manager."""

    def __init__(self, side: Side) -> None:
        self.side = side

    async def __aenter__(self) -> Self:
        self._docker = aiodocker.Docker(url="unix:///var/run/docker.sock")
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"token {self.side.token}"},
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
            connector=aiohttp.TCPConnector(limit=0),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()
        await self._docker.close()

    async def add(self, user: str) -> None:
        """Make a user; one that is there stays."""
        async with self._http.post(f"{self.side.url}hub/api/users/{user}") as answer:
            if answer.status not in (201, 409):
                raise RuntimeError(f"{self.side.name}: user {user}: {await answer.text()}")

    async def start(self, user: str) -> Start:
        """Start a user's lab and take the times."""
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
            click = time.perf_counter()
            opened = tasks.create_task(self._opened(user))
            await self._ask_for_start(user)
            await self._served(user)
            ready = time.perf_counter()
        return Start(listening=opened.result() - click, ready=ready - click)

    async def _ask_for_start(self, user: str) -> None:
        """Return when the hub says that the lab is ready. It pushes that, nobody has to poll it."""
        async with self._http.post(f"{self.side.url}hub/api/users/{user}/server") as answer:
            if answer.status == 201:
                return
            if answer.status != 202:
                raise RuntimeError(f"{self.side.name}: {user}: {await answer.text()}")
        url = f"{self.side.url}hub/api/users/{user}/server/progress"
        async with self._http.get(url) as events:
            async for line in events.content:
                if line.startswith(b"data:"):
                    event: dict[str, Any] = json.loads(line[5:])
                    if event.get("failed"):
                        raise RuntimeError(f"{self.side.name}: {user}: {event}")
                    if event.get("ready"):
                        return

    async def _served(self, user: str) -> None:
        """Return once the lab answers through the proxy."""
        while True:
            async with self._http.get(
                f"{self.side.url}user/{user}/api", allow_redirects=False
            ) as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(_ASK_PROXY)

    async def _opened(self, user: str) -> float:
        """Return when the lab's port first accepted a connection from this host."""
        address = await self._address(self.side.container(user))
        while True:
            try:
                _, writer = await asyncio.open_connection(address, LAB_PORT)
            except OSError:
                await asyncio.sleep(_LOOK)
                continue
            writer.close()
            return time.perf_counter()

    async def _address(self, container: str) -> str:
        while True:
            try:
                seen = await (await self._docker.containers.get(container)).show()
                for network in seen["NetworkSettings"]["Networks"].values():
                    if network["IPAddress"]:
                        return str(network["IPAddress"])
            except aiodocker.DockerError as error:
                if error.status != 404:
                    raise
            await asyncio.sleep(_ASK_ENGINE)

    async def stop(self, user: str) -> None:
        """Stop a user's lab and wait until the hub is done with it."""
        async with asyncio.timeout(PATIENCE):
            url = f"{self.side.url}hub/api/users/{user}"
            async with self._http.delete(f"{url}/server"):
                pass
            while True:
                async with self._http.get(url) as answer:
                    model = await answer.json()
                if not model.get("servers") and not model.get("pending"):
                    return
                await asyncio.sleep(_ASK_HUB)


async def wait_healthy(url: str) -> float:
    """Return when the hub below ``url`` first answered its health check."""
    async with (
        asyncio.timeout(PATIENCE),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http,
    ):
        while True:
            try:
                async with http.get(f"{url}hub/health") as answer:
                    if answer.status == 200:
                        return time.perf_counter()
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(_ASK_PROXY)
