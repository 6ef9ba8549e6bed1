"""Handing out GPUs, so that two starts never get the same one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from labyard.core.models import Lab
from labyard.gpu.choose import Asked, choose, held


class Gpus:
    """The GPUs that one hub hands out. Running labs hold theirs by label, starting ones in here."""

    def __init__(
        self, devices: Sequence[str], labs: Callable[[], Awaitable[Sequence[Lab]]]
    ) -> None:
        self._devices = tuple(devices)
        self._labs = labs
        self._promised: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def promised(self, asked: Asked | None, lab: str) -> AsyncIterator[tuple[str, ...]]:
        """Choose GPUs for the lab called ``lab`` and keep them from others until its start is over.

        Raises
        ------
        NoGpuFree
            When there are not enough.
        """
        if not asked:
            yield ()
            return
        async with self._one_at_a_time:
            # A start that ends while the engine is asked may be missing in its answer.
            before = frozenset(self._promised)
            taken = held(await self._labs(), but=lab) | before | self._promised
            chosen = choose(asked, self._devices, taken)
            self._promised.update(chosen)
        try:
            yield chosen
        finally:
            self._promised.difference_update(chosen)
