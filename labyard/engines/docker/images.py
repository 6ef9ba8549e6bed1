"""The images on an engine: which are there, and fetching one."""

from __future__ import annotations

from collections.abc import AsyncIterator

from labyard.core.errors import NotFound
from labyard.core.models import PullProgress
from labyard.engines import checked
from labyard.engines.docker import read
from labyard.engines.docker.connect import Connection
from labyard.engines.docker.failures import NoImage, unreachable


class Images:
    """Finds and pulls images."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def has(self, image: str) -> bool:
        """Return whether ``image`` can be used without pulling it."""
        checked.image(image)
        try:
            await self._connection.call("looking for an image", lambda d: d.images.inspect(image))
        except (NoImage, NotFound):
            return False
        return True

    async def pull(self, image: str) -> AsyncIterator[PullProgress]:
        """Fetch ``image``, telling how many bytes of its layers have come."""
        checked.image(image)
        layers = read.Layers()
        lines = self._connection.stream(
            f"pulling {image}", lambda d: d.images.pull(image, stream=True)
        )
        async for line in lines:
            for progress in layers.take(line):
                yield progress
        if not await self.has(image):  # a stream that breaks off looks like one that ends
            raise unreachable(self._connection.url, f"pulling {image} broke off")
