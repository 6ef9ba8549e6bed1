"""Measuring, archiving and filling volumes, by containers that are gone when it is done.

An errand whose process was killed leaves its container, which carries a mark; :meth:`Errands.sweep`
removes those whose mark no errand of this process has.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import aiohttp

from labyard.core.errors import EngineError, LabyardError, NotFound, Refused
from labyard.core.models import Size, Unpacking
from labyard.core.names import ERRAND, Names
from labyard.engines.docker import errand_spec, read
from labyard.engines.docker.connect import Client, Connection, Making
from labyard.engines.docker.spec import Body, with_ulimits
from labyard.engines.docker.user_networks import UserNetworks
from labyard.engines.docker.user_volumes import UserVolumes
from labyard.engines.errand import NEW

log = logging.getLogger(__name__)

_CHUNK = 256 * 2**10  # bytes
_MOVING = 300.0  # seconds that moving or removing what was uploaded may take
_UPLOAD = "upload"

Ulimits = Mapping[str, tuple[int, int]]


class Errands:
    """The errands of one engine. ``image`` is what they run: any that has a ``python3``."""

    def __init__(
        self,
        connection: Connection,
        networks: UserNetworks,
        volumes: UserVolumes,
        *,
        names: Names,
        image: str,
        ulimits: Callable[[], Awaitable[Ulimits]],
    ) -> None:
        self._connection = connection
        self._networks = networks
        self._volumes = volumes
        self._names = names
        self._image = image
        self._ulimits = ulimits
        self._under_way: set[str] = set()
        self._left: set[tuple[str, str]] = set()  # volumes and marks of uploads to clear up after

    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        """Return the sizes of those of ``volumes`` that there are."""
        there = {volume.name for volume in await self._volumes.list(self._names.volume_prefix)}
        wanted = [name for name in volumes if name in there]
        if not wanted:
            return {}
        with self._mark("measure") as mark:
            body = errand_spec.measuring(self._image, wanted, seconds, self._labels, mark)
            found = await self._run("measuring volumes", body, seconds)
        return {
            name: Size(*size)
            for name, size in zip(wanted, found["done"], strict=True)
            if size is not None
        }

    async def archive(self, volume: str, name: str, folder: str) -> AsyncGenerator[bytes, None]:
        """Yield a tar of ``folder`` in a volume that appears as ``name``."""
        await self._volumes.demand(volume)
        path = "/".join(filter(None, [errand_spec.VOLUME, name, folder]))
        with self._mark("archive") as mark:
            body = errand_spec.holder(self._image, volume, name, self._labels, mark)
            async with self._container("preparing the download", body) as holder:
                source = _archive(holder.id, path, self._connection.timeout)
                try:
                    async for chunk in self._connection.stream("reading the volume", source):
                        yield chunk
                except NotFound as error:
                    raise NotFound(
                        f"There is no folder {folder}.", remedy="See the folders of the volume."
                    ) from error

    async def unpack(self, volume: str, tar: AsyncIterator[bytes], how: Unpacking) -> None:
        """Gather what ``tar`` holds in a directory of the volume's own, then move it, whole."""
        await self._volumes.demand(volume)
        with self._mark(_UPLOAD) as mark:
            try:
                await self._gather(volume, tar, how, mark)
                body = errand_spec.keeping(
                    self._image,
                    volume,
                    self._labels,
                    mark,
                    user=how.user,
                    folder=how.folder,
                    overwrite=how.overwrite,
                )
                said = await self._run("moving files into the volume", body, _MOVING)
                if "refused" in said:
                    raise Refused(said["refused"], remedy=said["remedy"])
            except BaseException:
                await asyncio.shield(self._clear(volume, mark))  # raises nothing in its place
                raise

    async def sweep(self) -> None:
        """Remove what errands left that no process of ours is about any more."""
        rows = await self._networks.containers()
        for volume, theirs in tuple(self._left):
            if theirs not in self._under_way:
                await self._clear(volume, theirs)
        for row in rows:
            mark = read.labels(row).get(ERRAND)
            if mark is None or mark in self._under_way:
                continue
            volumes = await self._mounted(row["Id"])
            await self._remove(row["Id"])
            if mark.startswith(_UPLOAD):
                for volume in volumes:
                    await self._clear(volume, mark)

    async def _mounted(self, container: str) -> Sequence[str]:
        answer = await self._connection.call(
            "looking at what an errand left",
            lambda d: d._query_json(f"containers/{container}/json"),
        )
        return [mount["Name"] for mount in answer["Mounts"] if mount.get("Name")]

    async def _gather(
        self, volume: str, tar: AsyncIterator[bytes], how: Unpacking, mark: str
    ) -> None:
        body = errand_spec.holder(self._image, volume, "", self._labels, mark)
        scratch = f"{errand_spec.VOLUME}/{errand_spec.scratch(mark)}/{NEW}"
        async with self._container("preparing the upload", body) as holder:
            await self._connection.call(
                "preparing the upload",
                lambda _: holder.put_archive(
                    errand_spec.VOLUME, errand_spec.folders(mark, how.user)
                ),
            )
            await self._put(holder.id, scratch, tar)

    async def _put(self, container: str, path: str, tar: AsyncIterator[bytes]) -> None:
        """Hand a tar over as it comes. The engine's time counts, not that of whoever sends it."""
        timeout, failure = self._connection.timeout, None
        patience = asyncio.timeout(timeout)

        async def paced() -> AsyncIterator[bytes]:
            nonlocal failure
            loop = asyncio.get_running_loop()
            try:
                patience.reschedule(None)
                async for chunk in tar:
                    patience.reschedule(loop.time() + timeout)
                    yield chunk
                    patience.reschedule(None)
            except Exception as error:
                failure = error
                raise
            finally:
                with suppress(RuntimeError):  # the engine has answered already
                    patience.reschedule(loop.time() + timeout)

        async def request(d: Client) -> None:
            async with patience:
                answer = await d._do_query(
                    f"containers/{container}/archive",
                    "PUT",
                    params={"path": path, "noOverwriteDirNonDir": "1"},
                    data=paced(),
                    headers={"Content-Type": "application/x-tar"},
                    timeout=aiohttp.ClientTimeout(),
                )
                answer.release()

        try:
            await self._connection.paced("unpacking files", request, timeout)
        except LabyardError:
            if failure is not None:
                raise failure from None
            raise

    async def _clear(self, volume: str, mark: str) -> None:
        """Remove what an upload left in a volume; what cannot be removed now waits for the next sweep."""
        doing = "clearing up after an upload"
        self._left.add((volume, mark))
        try:
            await self._volumes.demand(volume)  # a container would make one that is gone anew
            body = errand_spec.clearing(self._image, volume, self._labels, mark)
            said = await self._run(doing, body, _MOVING)
            if "refused" in said:
                raise EngineError(f"{doing} failed: {said['refused']}", remedy=said["remedy"])
        except NotFound:
            pass  # it went with its volume
        except LabyardError as error:
            log.warning("The volume %s still holds what an upload left: %s", volume, error)
            return
        self._left.discard((volume, mark))

    async def _run(self, doing: str, body: Body, seconds: float) -> Mapping[str, Any]:
        """Run a container to its end, and return what it said."""
        async with self._container(doing, with_ulimits(body, await self._ulimits())) as runner:
            await self._connection.call(doing, lambda _: runner.start())
            await self._connection.call(
                doing, lambda _: runner.wait(timeout=aiohttp.ClientTimeout()), extra=seconds
            )
            lines = await self._connection.call(
                doing, lambda _: runner.log(stdout=True, stderr=True)
            )
        said = "".join(lines)
        try:
            answer: dict[str, Any] = json.loads(said)
        except ValueError:
            words = " ".join(said.split())[-300:] or "it said nothing"
            raise EngineError(
                f"{doing} failed ({words}).", remedy="See that the lab image has a python3."
            ) from None
        return answer

    @asynccontextmanager
    async def _container(self, doing: str, body: Body) -> AsyncIterator[Any]:
        making = Making()
        container = await self._connection.call(
            doing, lambda d: d.containers.create(body), making=making
        )
        try:
            yield container
        finally:
            await asyncio.shield(self._remove(container.id))

    async def _remove(self, container: str) -> None:
        try:
            await self._connection.call(
                "removing what is done with",
                lambda d: d.containers.container(container).delete(force=True, v=True),
            )
        except NotFound:
            return

    @property
    def _labels(self) -> Mapping[str, str]:
        return self._names.scratch_labels()

    @contextmanager
    def _mark(self, kind: str) -> Iterator[str]:
        mark = f"{kind}-{secrets.token_hex(8)}"
        self._under_way.add(mark)
        try:
            yield mark
        finally:
            self._under_way.discard(mark)


def _archive(
    container: str, path: str, timeout: float
) -> Callable[[Client], AsyncGenerator[bytes, None]]:
    """Return what asks the engine for a tar; only silence ends it, however long it takes in all."""

    async def chunks(d: Client) -> AsyncGenerator[bytes, None]:
        answer = await d._do_query(
            f"containers/{container}/archive",
            "GET",
            params={"path": path},
            timeout=aiohttp.ClientTimeout(sock_read=timeout),
        )
        try:
            async for chunk in answer.content.iter_chunked(_CHUNK):
                yield chunk
        finally:
            answer.close()

    return chunks
