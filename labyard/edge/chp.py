"""configurable-http-proxy as JupyterHub's proxy, as a process that outlives the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy
from traitlets import Float, Unicode, default

from labyard.core.paths import Paths
from labyard.edge import configurable
from labyard.edge.errors import CannotCut
from labyard.edge.routes import resolve
from labyard.edge.watch import Watch


class CHPProxy(ConfigurableHTTPProxy):
    """JupyterHub's own class, with a proxy that it finds running and brings back with its routes.

    ``start`` and ``stop`` are JupyterHub's hooks: the first sees that the proxy runs and begins to watch over
    it, the second ends watching and leaves the proxy alone.
    """

    data_dir = Unicode(help="The installation's data directory.", config=True)
    interval = Float(2.0, help="Seconds between two looks at whether the proxy runs.", config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._watch = Watch(self._look, self.interval, self.log)
        self._turn = asyncio.Lock()
        self._routes: dict[str, tuple[str, dict[str, Any]]] = {}
        self._pid: int | None = None

    @cached_property
    def _process(self) -> configurable.ConfigurableHTTPProxy:
        return configurable.ConfigurableHTTPProxy(Paths(Path(self.data_dir)))

    @default("auth_token")
    def _token(self) -> str:
        return self._process.token()

    @default("api_url")
    def _api(self) -> str:
        return self._process.api_url

    async def start(self) -> None:
        """See that the proxy runs, learn its routes and begin to watch over it."""
        await asyncio.to_thread(self._process.revive)
        self._pid = self._process.pid()
        for spec, route in (await self.get_all_routes()).items():
            self._routes[spec] = (route["target"], route["data"])
        self._watch.start()

    async def stop(self) -> None:
        """End watching. The proxy goes on."""
        await self._watch.stop()

    async def add_route(self, routespec: str, target: str, data: Mapping[str, Any] | None) -> None:
        """Have ``routespec`` lead to ``target``.

        Raises
        ------
        BadRoute
            When ``target`` is not an ``http://host:port`` with an address. A route that was there
            before stays.
        """
        spec = self.validate_routespec(routespec)
        await resolve(target)
        await super().add_route(spec, target, dict(data or {}))
        self._routes[spec] = (target, dict(data or {}))

    async def delete_route(self, routespec: str) -> None:
        """Forget ``routespec``; its open connections go on."""
        spec = self.validate_routespec(routespec)
        self._routes.pop(spec, None)
        await super().delete_route(spec)

    async def cut(self, target: str) -> int:
        """Refuse: this proxy cannot end a connection that is open.

        Raises
        ------
        CannotCut
            Always. What is open ends with the lab.
        """
        raise CannotCut(
            f"configurable-http-proxy cannot end open connections to {target}.",
            remedy="Stop the server, or set edge.proxy to haproxy.",
        )

    async def _look(self) -> None:
        async with self._turn:
            await asyncio.to_thread(self._process.revive)
            if (pid := self._process.pid()) != self._pid:
                self.log.warning("The proxy was started again; it gets its routes back.")
                await asyncio.gather(
                    *(
                        super(CHPProxy, self).add_route(spec, target, dict(data))
                        for spec, (target, data) in self._routes.items()
                    )
                )
                self._pid = pid
