"""What labs use, from looks at this machine's processes: one lab followed, many surveyed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

from labyard.core.models import Usage
from labyard.engines.local import process
from labyard.engines.local.usage import Looks, usage

_APART = 1.0  # seconds over which processor time is measured


class Samples:
    """Takes samples of labs, by their directories."""

    def __init__(self) -> None:
        self._looks = Looks()

    async def follow(self, directory: Path) -> AsyncGenerator[Usage, None]:
        """Yield what a lab's processes use, once a second, until it ends."""
        keeper = process.running(directory)
        before = await self._looks.take()
        while keeper is not None:
            await asyncio.sleep(_APART)
            after = await self._looks.take()
            if process.running(directory) != keeper:
                return
            yield await usage(keeper, before, after)
            before = after

    async def survey(self, directories: Mapping[str, Path]) -> Mapping[str, Usage]:
        """Return what labs use over a second, by name, from ``directories`` by name."""
        running = {name: process.running(where) for name, where in directories.items()}
        before = await self._looks.take()
        await asyncio.sleep(_APART)
        after = await self._looks.take()
        return {
            name: await usage(keeper, before, after)
            for name, keeper in running.items()
            if keeper is not None and keeper in after.samples
        }
