"""Tars into and out of a container, as they come: the engine packs and unpacks, nothing runs for it.

Only silence ends either: however long it takes in all, each part comes within the connection's timeout.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

import aiohttp

from labyard.core.errors import LabyardError
from labyard.engines.docker.connect import Client, Connection

_CHUNK = 256 * 2**10  # bytes


def read(connection: Connection, container: str, path: str) -> AsyncGenerator[bytes, None]:
    """Yield a tar of ``path``. Raises what ``connection.call`` does."""

    async def chunks(d: Client) -> AsyncGenerator[bytes, None]:
        answer = await d._do_query(
            f"containers/{container}/archive",
            "GET",
            params={"path": path},
            timeout=aiohttp.ClientTimeout(sock_read=connection.timeout),
        )
        try:
            async for chunk in answer.content.iter_chunked(_CHUNK):
                yield chunk
        finally:
            answer.close()

    return connection.stream("reading the volume", chunks)


async def write(
    connection: Connection, container: str, path: str, tar: AsyncIterator[bytes]
) -> None:
    """Unpack ``tar`` in ``path``. The engine's time counts, not that of whoever sends it.

    Raises what ``connection.call`` does, and what ``tar`` itself raises.
    """
    timeout, failure = connection.timeout, None
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
        await connection.paced("unpacking files", request, timeout)
    except LabyardError:
        if failure is not None:
            raise failure from None
        raise
