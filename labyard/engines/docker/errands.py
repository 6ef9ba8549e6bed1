"""Measuring, archiving and filling volumes, by containers that are gone when it is done.

An errand whose process was killed leaves its container, which carries a mark, or a directory in a volume
that is named by it, which measuring comes across; :meth:`Errands.sweep` removes those whose mark no
errand of this process has.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any

import aiohttp

from labyard.core.errors import EngineError, LabyardError, NotFound, Refused
from labyard.core.models import LAB_USER, Size, Unpacking
from labyard.core.names import ERRAND
from labyard.engines.docker import errand_spec, read, tars
from labyard.engines.docker.connect import Making
from labyard.engines.docker.daemon import Daemon
from labyard.engines.docker.spec import Body, with_ulimits
from labyard.engines.errand import NEW

log = logging.getLogger(__name__)

_MOVING = 300.0  # seconds that moving or removing what was uploaded may take
_UPLOAD = "upload"


class Errands:
    """The errands of one engine. ``image`` is what they run: any that has a ``python3``."""

    def __init__(self, daemon: Daemon, image: str) -> None:
        self._daemon = daemon
        self._connection = daemon.connection
        self._volumes = daemon.volumes
        self._labels = daemon.names.scratch_labels()
        self._image = image
        self._under_way: set[str] = set()
        self._left: set[tuple[str, str]] = set()  # volumes and marks of uploads to clear up after
        self._found: set[tuple[str, str]] = set()  # the same, by a name that anybody can give

    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        """Return the sizes of those of ``volumes`` that there are."""
        there = {
            volume.name for volume in await self._volumes.list(self._daemon.names.volume_prefix)
        }
        wanted = [name for name in volumes if name in there]
        if not wanted:
            return {}
        with self._mark("measure") as mark:
            body = errand_spec.measuring(self._image, wanted, seconds, self._labels, mark)
            found = (await self._run("measuring volumes", body, seconds))["done"]
        for name, directories in zip(wanted, found["uploads"], strict=True):
            marks = set(filter(None, map(errand_spec.upload_of, directories)))
            self._found.update((name, left) for left in marks - self._under_way)
        return {
            name: Size(*size)
            for name, size in zip(wanted, found["sizes"], strict=True)
            if size is not None
        }

    async def archive(self, volume: str, name: str, folder: str) -> AsyncGenerator[bytes, None]:
        """Yield a tar of ``folder`` in a volume that appears as ``name``."""
        await self._volumes.demand(volume)
        path = "/".join(filter(None, [errand_spec.VOLUME, name, folder]))
        with self._mark("archive") as mark:
            body = errand_spec.holder(self._image, volume, name, self._labels, mark)
            async with self._container("preparing the download", body) as holder:
                try:  # given up, it ends before the holder goes
                    async with aclosing(tars.read(self._connection, holder.id, path)) as chunks:
                        async for chunk in chunks:
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
        rows = await self._daemon.networks.containers()
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
        while self._found:
            await self._clear_found(*self._found.pop())

    async def _mounted(self, container: str) -> Sequence[str]:
        try:
            answer = await self._connection.call(
                "looking at what an errand left",
                lambda d: d._query_json(f"containers/{container}/json"),
            )
        except NotFound:
            return ()  # it has gone by itself
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
            await tars.write(self._connection, holder.id, scratch, tar)

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

    async def _clear_found(self, volume: str, mark: str) -> None:
        """Remove what looks like an upload's, with its owner's rights; measuring comes by again."""
        doing = "clearing up after an upload"
        try:
            await self._volumes.demand(volume)
            body = errand_spec.clearing(self._image, volume, self._labels, mark, user=LAB_USER)
            await self._run(doing, body, _MOVING)
        except LabyardError as error:
            log.warning("The volume %s holds what an upload left: %s", volume, error)

    async def _run(self, doing: str, body: Body, seconds: float) -> Mapping[str, Any]:
        """Run a container to its end, and return what it said."""
        async with self._container(
            doing, with_ulimits(body, await self._daemon.ulimits())
        ) as runner:
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

    @contextmanager
    def _mark(self, kind: str) -> Iterator[str]:
        mark = f"{kind}-{secrets.token_hex(8)}"
        self._under_way.add(mark)
        try:
            yield mark
        finally:
            self._under_way.discard(mark)
