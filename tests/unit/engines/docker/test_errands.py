"""What an upload left is cleared up for certain, and never tells of itself in another error's place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from labyard.core.errors import EngineUnreachable, NotFound, Refused
from labyard.core.models import Owner, Unpacking
from labyard.core.names import Names
from labyard.engines.docker.daemon import Daemon
from labyard.engines.docker.errands import Errands
from labyard.engines.docker.user_networks import UserNetworks
from labyard.engines.docker.user_volumes import UserVolumes

NAMES = Names("yard")
HOW = Unpacking(Owner(1, "anna"))


class Networks(UserNetworks):
    async def containers(self) -> Sequence[Mapping[str, Any]]:
        return ()


class Volumes(UserVolumes):
    gone = False

    async def demand(self, name: str) -> None:
        if self.gone:
            raise NotFound("There is none.")


class Run(Errands):
    """Errands whose containers say what they are told to."""

    def __init__(self) -> None:
        daemon = Daemon("unix:///nowhere", NAMES, 1)
        daemon.networks = Networks(daemon.connection, NAMES.installation)
        daemon.volumes = self.volumes = Volumes(daemon.connection, NAMES)
        super().__init__(daemon, "")
        self.away = True
        self.did: list[str] = []

    async def _gather(self, *_: Any) -> None:
        raise Refused("a leads out of the archive.")

    async def _run(self, doing: str, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        self.did.append(doing)
        if self.away:
            raise EngineUnreachable("It is away.")
        return {"done": None}


async def nothing() -> AsyncIterator[bytes]:
    yield b""


@pytest.fixture
async def errands() -> Run:
    made = Run()
    with pytest.raises(Refused, match="leads out"):  # not: the engine is away
        await made.unpack("home", nothing(), HOW)
    return made


async def test_what_could_not_be_cleared_is_with_the_next_sweep(errands: Run) -> None:
    await errands.sweep()
    errands.away = False
    await errands.sweep()
    await errands.sweep()
    assert errands.did == ["clearing up after an upload"] * 3


async def test_what_went_with_its_volume_is_cleared(errands: Run) -> None:
    errands.volumes.gone = True
    await errands.sweep()
    errands.volumes.gone = False
    await errands.sweep()
    assert len(errands.did) == 1, "and no volume was made anew for it"
