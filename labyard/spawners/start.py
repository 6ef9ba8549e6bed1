"""One start of one lab, from its plan to the moment it answers. A start that fails leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from labyard.core import causes
from labyard.core.errors import EngineError, EngineUnreachable
from labyard.core.models import Lab, ServerPlan
from labyard.engines.base import Engine
from labyard.settings.schema import Labs
from labyard.spawners.clearing import Clearing
from labyard.spawners.progress import Progress
from labyard.spawners.waiting import Expected, until_answering

SLOW = 3.0  # seconds after which the starting page says that the engine has not answered
_TAKES_LONG = "The container engine takes long."


@dataclass
class Start:
    """A start, told to ``progress``. ``path`` is the server's URL path, ``hub_version`` JupyterHub's."""

    engine: Engine
    labs: Labs
    clearing: Clearing
    progress: Progress
    path: str
    hub_version: str
    made: Lab | None = None

    async def run(self, planned: ServerPlan, remember: Callable[[str], None]) -> Lab:
        """Return the lab when it answers.

        ``remember`` is called with its name before anything of it is made.
        """
        await self._pull(planned.image)
        remember(planned.name)
        deadline = asyncio.get_running_loop().time() + self.labs.start_timeout
        try:
            return await self._bring_up(planned, deadline)
        except BaseException as error:
            away = isinstance(error, EngineUnreachable)
            await self.clearing.clear(planned.name, self.made, away=away)
            raise

    async def _pull(self, image: str) -> None:
        if await self.engine.has_image(image):
            return
        patience, doing = self.labs.pull_timeout, f"Fetching the image {image}"
        self.progress.tell("pulling", doing)
        try:
            async with asyncio.timeout(patience):
                async for at in self.engine.pull(image):
                    self.progress.tell("pulling", doing, at.done, at.total)
        except TimeoutError:
            raise EngineError(
                f"The image {image} was not fetched within {patience:g} s.",
                cause=causes.PULL_TIMEOUT,
            ) from None

    async def _bring_up(self, planned: ServerPlan, deadline: float) -> Lab:
        try:
            async with asyncio.timeout_at(deadline):
                lab = await self._make(planned)
        except TimeoutError:
            patience = self.labs.start_timeout
            raise EngineUnreachable(
                f"Creating and starting the lab took more than {patience:g} s.",
                cause=causes.ENGINE_UNREACHABLE,
            ) from None
        self.progress.tell("waiting", "Waiting for JupyterLab")
        left = deadline - asyncio.get_running_loop().time()
        expected = Expected(self.path, self.hub_version, left, planned.memory)
        await until_answering(self.engine, lab, expected, self.progress.add)
        return lab

    async def _make(self, planned: ServerPlan) -> Lab:
        self.progress.tell("creating", "Creating the lab")
        with self.progress.if_slow(SLOW, _TAKES_LONG):
            await self.engine.remove(planned.name)  # what a start that failed in an outage left
            self.made = await self.engine.create(planned)
        self.progress.tell("starting", "Starting the lab")
        with self.progress.if_slow(SLOW, _TAKES_LONG):
            return await self.engine.start(planned.name)
