"""Notice that a lab answers, soon after it does, and that it never will, soon after it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp

from labyard.core import causes
from labyard.core.errors import EngineError, EngineUnreachable, LabyardError
from labyard.core.models import Lab, LabStatus
from labyard.engines.base import Engine
from labyard.spawners import diagnosis

# A refused connection costs about 0.5 ms, so looking often is cheap, and the hub's own back-off
# (up to 5 s, JupyterHub's exponential_backoff) never begins.
# All labs that are waited for share these looks, so that a crowd's starts keep the processor to themselves.
_LOOK = 0.02
_SELDOM = 0.25
_CONNECT = 0.25
_ANSWER = 2.0
_ASK_ENGINE = 0.5
_READ_LOG = 2.0
_LONG = 8.0  # seconds after which the page says what is missing

Tell = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a lab is waited for: an answer below ``path`` (the server's URL path) in ``patience`` seconds.

    It has to come from a jupyterhub-singleuser of the major version of ``hub_version``. ``memory`` is
    the lab's limit in bytes.
    """

    path: str
    hub_version: str
    patience: float
    memory: int | None = None


async def listens(host: str, port: int) -> bool:
    """Return whether something accepts connections at ``host:port``."""
    try:
        async with asyncio.timeout(_CONNECT):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


_waiting: set[object] = set()


def pause() -> float:
    """Return how many seconds to wait between two looks at one lab."""
    return min(_LOOK * max(1, len(_waiting)), _SELDOM)


@contextmanager
def _among_the_waiting() -> Iterator[None]:
    this = object()
    _waiting.add(this)
    try:
        yield
    finally:
        _waiting.discard(this)


async def until_answering(engine: Engine, lab: Lab, expected: Expected, tell: Tell) -> None:
    """Return once the lab answers as a lab of this hub does.

    ``tell`` is called with a detail and the lab's last words while that takes long.

    Raises
    ------
    LabFailed
        When the lab ended, answers as something else, or does not answer in time.
    """
    look = _Look(engine, lab.name, expected, tell)
    if lab.host is None or lab.port is None:
        await look.still_runs()  # it may have ended already
        raise EngineError(
            f"The engine gave no address for {lab.name}.", remedy="Run labyard doctor."
        )
    url = f"http://{lab.host}:{lab.port}{expected.path}api"
    with _among_the_waiting():
        while True:
            listening = await listens(lab.host, lab.port)
            headers = await _answered(url) if listening else None
            if headers is not None:
                break
            if look.waited > expected.patience:
                log = await look.log()
                raise diagnosis.silent(expected.patience, port=lab.port, listens=listening, log=log)
            await look.now_and_then(listening)
            await asyncio.sleep(pause())
    if (wrong := diagnosis.stranger(headers, expected.hub_version)) is not None:
        raise wrong


async def _answered(url: str) -> Mapping[str, str] | None:
    """Return the headers of an answer that is no server error, or None."""
    limit = aiohttp.ClientTimeout(total=_ANSWER)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            return answer.headers if answer.status < 500 else None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


class _Look:
    """Asks the engine about a lab that does not answer yet: often whether it runs, seldom what it says."""

    def __init__(self, engine: Engine, name: str, expected: Expected, tell: Tell) -> None:
        self._engine, self._name, self._expected, self._tell = engine, name, expected, tell
        self._clock = asyncio.get_running_loop().time
        self._begun = self._clock()
        self._next, self._next_log = _ASK_ENGINE, _READ_LOG

    @property
    def waited(self) -> float:
        """Return the seconds since the lab was started."""
        return self._clock() - self._begun

    async def now_and_then(self, listening: bool) -> None:
        """Ask, if it is time."""
        if self.waited < self._next:
            return
        await self.still_runs()
        if self.waited >= self._next_log:
            log = await self.log()
            self._tell(self._detail(listening, log), diagnosis.last_lines(log))
            self._next_log = self.waited + _READ_LOG
        self._next = self.waited + _ASK_ENGINE

    async def log(self) -> str:
        """Return the lab's last lines, none when the engine does not tell."""
        try:
            return await self._engine.logs(self._name, diagnosis.LINES)
        except LabyardError:
            return ""

    def _detail(self, listening: bool, log: str) -> str:
        if diagnosis.seen_in(log) is causes.HUB_UNREACHABLE:
            return "The lab has not reached the hub yet."
        if self.waited < _LONG:
            return ""
        return (
            "Its port is open, but nothing answers there yet."
            if listening
            else "It runs, but its port is still closed."
        )

    async def still_runs(self) -> None:
        """Raise why the lab ended, if it has."""
        try:
            now = await self._engine.lab(self._name)
        except EngineUnreachable:
            return
        if now is None:
            raise diagnosis.removed()
        if now.status is LabStatus.RUNNING:
            return
        raise diagnosis.diagnose(
            diagnosis.Remains(
                now.exit_code, await self.log(), now.out_of_memory, self._expected.memory
            )
        )
