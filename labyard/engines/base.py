"""The engine: what runs labs. Everything a hub needs of one, and nothing else.

Every method that asks the engine raises :class:`~labyard.core.errors.EngineUnreachable` when it does
not answer in time, and :class:`~labyard.core.errors.EngineError` when it answers with a failure.
"Gone" is only ever said by an engine that answered. An engine sees the objects that carry its
installation's label and touches no others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence

from labyard.core.models import (
    EngineInfo,
    Lab,
    LabEvent,
    Owner,
    PullProgress,
    ServerPlan,
    Size,
    Socket,
    Unpacking,
    Usage,
    Volume,
)

REPORT_BYTES = 16_384


class Engine(ABC):
    """Runs labs. One instance serves one installation and is safe to use concurrently."""

    @property
    def lacks(self) -> Mapping[str, str]:
        """Return which options of a server this engine cannot do, and why, in a sentence."""
        return {}

    @property
    def withholds(self) -> Mapping[str, str]:
        """Return which grants of groups this engine cannot give, and why, in a sentence."""
        return {}

    @property
    def here(self) -> bool:
        """Return whether directories of this machine can be handed to labs by their paths."""
        return False

    @property
    def socket(self) -> Socket | None:
        """Return the engine's own socket on this host, where labs could be given it."""
        return None

    @abstractmethod
    async def info(self) -> EngineInfo:
        """Return what answers; the cheapest question there is."""

    @abstractmethod
    async def has_image(self, image: str) -> bool:
        """Return whether ``image`` can be used without pulling it."""

    @abstractmethod
    def pull(self, image: str) -> AsyncIterator[PullProgress]:
        """Fetch ``image``, telling how far it is."""

    @abstractmethod
    async def create(self, plan: ServerPlan) -> Lab:
        """Make the lab, its network and missing volumes. On failure nothing new stays behind.

        A stopped lab of the same name and installation is replaced; a running one is an error.
        """

    @abstractmethod
    async def start(self, name: str) -> Lab:
        """Start a created lab and return it with its address."""

    @abstractmethod
    async def stop(self, name: str, grace: float) -> None:
        """Stop a lab, killing it after ``grace`` seconds. A lab that is absent is stopped."""

    @abstractmethod
    async def restart(self, name: str, grace: float) -> Lab:
        """Restart a lab in place: same id, same address, new start time."""

    @abstractmethod
    async def remove(self, name: str) -> None:
        """Remove a lab, running or not; volumes stay. A lab that is absent is removed.

        The user's network goes with its last lab.
        """

    @abstractmethod
    async def lab(self, name: str) -> Lab | None:
        """Return the lab, or None when the engine is sure that there is none."""

    @abstractmethod
    async def labs(self) -> Sequence[Lab]:
        """Return every lab of this installation."""

    @abstractmethod
    async def logs(self, name: str, lines: int = 100) -> str:
        """Return the last lines a lab wrote."""

    @abstractmethod
    def follow(self, name: str) -> AsyncGenerator[Usage, None]:
        """Yield what a lab uses, about once a second, for as long as it runs.

        Ends with the lab, and at once for one that does not run. Whoever stops reading closes it.
        """

    @abstractmethod
    async def survey(self, names: Collection[str]) -> Mapping[str, Usage]:
        """Return what these labs use, by name; those that do not run are left out.

        Cheap for many labs. Figures are averages since the last survey, or of about a second.
        """

    @abstractmethod
    def watch(self) -> AsyncGenerator[LabEvent, None]:
        """Yield what happens to labs from now on, each within 3 seconds, for as long as it answers.

        An engine that cannot know what ended a process leaves that out: see its ``info``.
        """

    @abstractmethod
    async def report(self, name: str) -> bytes:
        """Return what a lab's own program says of it, at most ``REPORT_BYTES``; empty if nothing.

        It comes from inside the lab: believe nothing, escape everything.
        """

    @abstractmethod
    async def volumes(self, prefix: str = "") -> Sequence[Volume]:
        """Return this installation's volumes, and unlabelled ones whose name starts with ``prefix``.

        An empty prefix adds none: unlabelled volumes are only seen where a naming scheme adopts them.
        """

    @abstractmethod
    async def remove_volume(self, name: str) -> None:
        """Remove a volume and what is in it. Raises ``Busy`` while a lab uses it."""

    @abstractmethod
    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        """Return how much is in each of ``volumes``, looking for ``seconds`` at most in all.

        Nothing is stopped for it. One that is not there is left out.
        """

    @abstractmethod
    def archive(self, volume: str, owner: Owner, folder: str = "") -> AsyncGenerator[bytes, None]:
        """Yield a tar of a volume or of one folder in it, also while labs write there.

        The first entry is the folder itself; what it is called there begins every other name. A file
        that goes away while it is read can break the tar off: without the two blocks that end it, it
        is not whole.

        Raises
        ------
        NotFound
            There is no such volume or folder.
        """

    @abstractmethod
    async def unpack(self, volume: str, tar: AsyncIterator[bytes], how: Unpacking) -> None:
        """Put what an uncompressed ``tar`` holds into a volume: all of it, or nothing.

        Whoever hands it over has checked each entry. An error that ``tar`` raises is raised here.

        Raises
        ------
        NotFound
            There is no such volume.
        Refused
            A file is there already and may not be overwritten, or something is in the way.
        """

    @abstractmethod
    async def sweep(self) -> None:
        """Remove what measuring, archiving and unpacking left behind when they were killed."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections. Labs go on."""
