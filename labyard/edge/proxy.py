"""HAProxy as JupyterHub's proxy: routes are entries of a runtime map.

A change is one or two commands on a socket: nothing is reloaded and no connection is touched. The same routes
lie in a file that HAProxy reads when it starts, and that a new hub reads to know what belongs to a route.
HAProxy's map is what is true; the file follows within milliseconds; JupyterHub's own check of all routes
settles what both lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from jupyterhub.proxy import Proxy
from traitlets import Float, Unicode

from labyard.core.files import replace
from labyard.core.paths import Paths
from labyard.edge.errors import EdgeUnreachable
from labyard.edge.haproxy import HAProxy
from labyard.edge.routes import Route, dumps, loads, place, resolve
from labyard.edge.runtime import Runtime
from labyard.edge.watch import Watch

_T = TypeVar("_T")


class HAProxyProxy(Proxy):
    """JupyterHub's routes in an HAProxy that is its own process and outlives the hub.

    ``start`` and ``stop`` are JupyterHub's hooks: the first sees that HAProxy runs and begins to watch over
    it, the second ends watching and leaves HAProxy alone.
    """

    data_dir = Unicode(help="The installation's data directory.", config=True)
    interval = Float(2.0, help="Seconds between two looks at whether HAProxy runs.", config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        paths = Paths(Path(self.data_dir))
        self._haproxy = HAProxy(paths)
        self._runtime = Runtime(paths.edge)
        self._watch = Watch(self._look, self.interval, self.log)
        self._turn = asyncio.Lock()
        self._routes: dict[str, Route] = {}
        self._worker: int | None = None
        self._saving: asyncio.Task[None] | None = None
        self._unsaved = False

    async def start(self) -> None:
        """See that HAProxy runs, learn its routes and begin to watch over it."""
        async with self._turn:
            await asyncio.to_thread(self._haproxy.revive)
            self._worker = await self._runtime.pid()
            entries = await self._runtime.entries()
            routes = loads(await asyncio.to_thread(self._read))
            self._routes = {
                name: route
                for name, route in routes.items()
                if name in entries and _address(entries[name]) == _address(route.value)
            }
            for name, route in self._routes.items():
                if (
                    entries[name] != route.value
                ):  # of another kind than an older version took it for
                    await self._runtime.set(name, route.value)
        self._watch.start()

    async def stop(self) -> None:
        """End watching. HAProxy goes on."""
        await self._watch.stop()
        if self._saving is not None:
            await self._saving

    async def add_route(self, routespec: str, target: str, data: Mapping[str, Any] | None) -> None:
        """Have ``routespec`` lead to ``target``.

        Raises
        ------
        BadRoute
            When ``target`` is not an ``http://host:port`` with an address, or the path cannot be
            told from others. A route that was there before stays.
        EdgeError
            When HAProxy does not do it.
        """
        spec = self.validate_routespec(routespec)
        route = Route.make(spec, target, data or {}, await resolve(target))
        async with self._turn:
            await self._insist(lambda: self._runtime.set(route.key, route.value))
            self._routes[route.key] = route
        self._save()

    async def delete_route(self, routespec: str) -> None:
        """Forget ``routespec``; its open connections go on until they are :meth:`cut`."""
        name = place(self.validate_routespec(routespec))
        async with self._turn:
            await self._insist(lambda: self._runtime.delete(name))
            self._routes.pop(name, None)
        self._save()

    async def get_all_routes(self) -> dict[str, dict[str, Any]]:
        """Return the routes HAProxy has now, by routespec.

        One that nobody here knows of comes without data: JupyterHub will set it right or delete it.
        """
        async with self._turn:
            entries = await self._insist(self._runtime.entries)
            routes = dict(self._routes)
        found = {}
        for name, value in entries.items():
            route = routes.get(name)
            if route is not None and route.value == value:
                found[route.spec] = route.as_jupyterhub()
            else:
                host, port, _ = value.split("|")
                target = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
                found[name] = {"routespec": name, "target": target, "data": {}}
        return found

    async def cut(self, target: str) -> int:
        """End every open connection to ``target`` (``http://host:port``), WebSockets too.

        Delete the route first, or the browser is back at once. Returns how many there were.
        """
        return await self._runtime.cut(str(await resolve(target)))

    async def _insist(self, act: Callable[[], Awaitable[_T]]) -> _T:
        """Do ``act``; where HAProxy is gone, once more after bringing it back."""
        try:
            return await act()
        except EdgeUnreachable:
            await self._revive()
            return await act()

    async def _look(self) -> None:
        async with self._turn:
            try:
                worker = await self._runtime.pid()
            except EdgeUnreachable:
                await self._revive()
            else:
                if worker != self._worker:
                    await self._restore()

    async def _revive(self) -> None:
        self.log.warning("HAProxy is gone, starting it again.")
        await asyncio.to_thread(self._haproxy.revive)
        await self._restore()

    async def _restore(self) -> None:
        """Give a new worker every route: what it read at its start may be older by a moment."""
        self._worker = await self._runtime.pid()
        await self._runtime.replace({name: route.value for name, route in self._routes.items()})
        self.log.info("HAProxy has its %d routes.", len(self._routes))

    def _save(self) -> None:
        """Write the file soon; any number of changes meanwhile are one write."""
        self._unsaved = True
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._unsaved:
            self._unsaved = False
            text = dumps(self._routes.values())
            try:
                await asyncio.to_thread(replace, self._haproxy.map_file, text)
            except OSError as error:
                self.log.error("The routes could not be written: %s", error)

    def _read(self) -> str:
        try:
            return self._haproxy.map_file.read_text()
        except FileNotFoundError:
            return ""


def _address(value: str) -> str:
    """Return where a route's value leads, without its kind."""
    return value.rpartition("|")[0]
