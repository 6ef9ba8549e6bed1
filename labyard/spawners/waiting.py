"""Notice that a lab listens, soon after it does, and that it never will, soon after it ended."""

from __future__ import annotations

import asyncio

from labyard.core.errors import EngineError, EngineUnreachable
from labyard.core.models import Lab, LabStatus
from labyard.engines.base import Engine

# A refused connection costs about 0.5 ms, so looking often is cheap, and the hub's own back-off
# (up to 5 s, JupyterHub's exponential_backoff) never begins.
# All labs that are waited for share these looks, so that a crowd's starts keep the processor to themselves.
_LOOK = 0.02
_SELDOM = 0.25
_CONNECT = 0.25
_ASK_ENGINE = 0.5


class LabEndedError(EngineError):
    """The lab ended by itself before it listened."""

    code = "lab-ended"


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


async def until_listening(engine: Engine, lab: Lab) -> None:
    """Return once the lab accepts connections.

    Raises
    ------
    LabEndedError
        When the lab's process is over, with the last lines it wrote.
    """
    if lab.host is None or lab.port is None:
        raise EngineError(
            f"The engine gave no address for {lab.name}.", remedy="Run labyard doctor."
        )
    clock = asyncio.get_running_loop().time
    ask_again = clock() + _ASK_ENGINE
    this = object()
    _waiting.add(this)
    try:
        while not await listens(lab.host, lab.port):
            if clock() > ask_again:
                await _still_runs(engine, lab.name)
                ask_again = clock() + _ASK_ENGINE
            await asyncio.sleep(pause())
    finally:
        _waiting.discard(this)


async def _still_runs(engine: Engine, name: str) -> None:
    try:
        now = await engine.lab(name)
        if now is not None and now.status is LabStatus.RUNNING:
            return
        last = "" if now is None else await engine.logs(name, 5)
    except EngineUnreachable:
        return
    code = "" if now is None or now.exit_code is None else f" with exit code {now.exit_code}"
    what = "was removed" if now is None else f"ended{code}"
    raise LabEndedError(
        f"The lab {what} before it was ready."
        + (f" Its last words: {last.strip()}" if last else ""),
        remedy="Read its log, then start it again with other options or tell your administrator.",
    )
