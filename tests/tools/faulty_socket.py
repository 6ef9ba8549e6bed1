"""A real socket in front of a real engine that misbehaves on demand.

It stands between a client and the engine's unix socket, in a thread of its own, so that sync and async
tests and other processes can use it::

    with FaultySocket(tmp_path / "engine.sock") as faulty:
        engine = DockerEngine(faulty.url, names)
        with faulty.fault("POST .*/containers/create", Mode.LATE, seconds=60) as held:
            ...
            held.release()      # nobody has to wait 60 s
        faulty.refuse()         # nobody listens any more
        faulty.listen()
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import TracebackType

_MESSAGE = b'{"message":"made to fail"}'
_ERROR = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_MESSAGE), _MESSAGE)
)


class Mode(Enum):
    """What happens to a request."""

    DELAY = "held for some seconds, then passed on even if the client has gone"
    LATE = "passed on at once, the answer held for some seconds"
    ERROR = "answered 500, not passed on"
    DROP = "not passed on, the connection closed"
    LOSE = "passed on, but the connection closed instead of an answer"


@dataclass(eq=False)
class Fault:
    """One kind of misbehaviour; ``pattern`` is searched in ``METHOD /path?query``."""

    pattern: str
    mode: Mode
    seconds: float = 0.0
    times: int = 2**31
    seen: list[str] = field(default_factory=list)
    _released: Future[None] = field(default_factory=Future)
    _met: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let go of what is held, and hold nothing more."""
        if not self._released.done():
            self._released.set_result(None)

    def wait_met(self, timeout: float = 30.0) -> None:
        """Wait until a request has met this fault."""
        assert self._met.wait(timeout), f"no request met {self.pattern}"

    async def met(self, timeout: float = 30.0) -> None:
        """Wait until a request has met this fault, from async code."""
        await asyncio.to_thread(self.wait_met, timeout)

    def take(self, line: str) -> bool:
        """Return whether the request meets this fault, and count it."""
        if len(self.seen) >= self.times or not re.search(self.pattern, line):
            return False
        self.seen.append(line)
        self._met.set()
        return True

    async def hold(self) -> None:
        """Wait for the fault's time or its release."""
        await asyncio.wait([asyncio.wrap_future(self._released)], timeout=self.seconds)


class FaultySocket:
    """Listens at ``path``, passes requests on to the engine at ``upstream``, faults excepted."""

    def __init__(self, path: Path, upstream: str = "/var/run/docker.sock") -> None:
        self.path = path
        self.url = f"unix://{path}"
        self._upstream = upstream.removeprefix("unix://")
        self._faults: list[Fault] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    def __enter__(self) -> FaultySocket:
        self._thread.start()
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.clear()
        self.refuse()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @contextlib.contextmanager
    def fault(
        self, pattern: str, mode: Mode, seconds: float = 0.0, times: int = 2**31
    ) -> Iterator[Fault]:
        """Misbehave within the block; requests that are still held then are let go."""
        one = self.add(pattern, mode, seconds, times)
        try:
            yield one
        finally:
            one.release()
            with contextlib.suppress(ValueError):
                self._faults.remove(one)

    def add(self, pattern: str, mode: Mode, seconds: float = 0.0, times: int = 2**31) -> Fault:
        """Misbehave until :meth:`clear`, at most ``times`` times."""
        one = Fault(pattern, mode, seconds, times)
        self._faults.append(one)
        return one

    def clear(self) -> None:
        """Behave, and let go of what is held."""
        faults, self._faults = self._faults, []
        for one in faults:
            one.release()

    def refuse(self) -> None:
        """Stop listening and break off every connection: the engine is down."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)

    def listen(self) -> None:
        """Listen (again)."""
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)

    async def _open(self) -> None:
        if self._server is None:
            self.path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, str(self.path))

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            self.path.unlink(missing_ok=True)
        for client in list(self._clients):
            client.transport.abort()

    async def _end(self) -> None:
        tasks = [task for task in self._clients.values() if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients[writer] = asyncio.current_task()
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # a client, the engine or the test has gone
        finally:
            self._clients.pop(writer, None)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one request on; the connection ends with its answer."""
        head = await reader.readuntil(b"\r\n\r\n")
        line = head.split(b"\r\n", 1)[0].decode().rsplit(" ", 1)[0]
        fault = next((f for f in self._faults if f.take(line)), None)
        mode = fault.mode if fault else None
        if mode is Mode.DROP:
            return
        if mode is Mode.ERROR:
            writer.write(_ERROR)
            await writer.drain()
            return
        if fault is not None and mode is Mode.DELAY:
            await fault.hold()
        above_reader, above = await asyncio.open_unix_connection(self._upstream)
        try:
            above.write(_one_request(head))
            upload = asyncio.create_task(_pipe(reader, above))
            first = await above_reader.read(65536)
            if fault is not None and mode is Mode.LATE:
                await fault.hold()
            if mode is not Mode.LOSE:
                writer.write(first)
                await _pipe(above_reader, writer)
            upload.cancel()
        finally:
            above.close()


def _one_request(head: bytes) -> bytes:
    """Return the request's head, asking for one answer on this connection unless it is hijacked."""
    if re.search(rb"\r\nconnection:\s*upgrade", head, re.IGNORECASE):
        return head
    kept = re.sub(rb"\r\nconnection:[^\r]*", b"", head, flags=re.IGNORECASE)
    return kept[:-4] + b"\r\nConnection: close\r\n\r\n"


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
