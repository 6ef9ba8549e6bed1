"""Speaking to a running HAProxy through its runtime socket.

The socket is full control over the proxy: it lies in a private directory, mode 0600. It is opened relative
to that directory, because the kernel takes 107 characters of a socket's path and a data directory may be
deeper than that.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from labyard.edge.errors import EdgeError, EdgeUnreachable

WORKER = "admin.sock"  # of the process that serves
MASTER = "master.sock"  # of the one that minds it; it reaches workers of before a reload, too
MAP = "routes.map"

_PATIENCE = 5.0  # seconds an answer may take
_GLANCE = 1.0  # the same, for who asks again anyway
_PAYLOAD = 8000  # bytes sent at once; HAProxy reads 16 K
_NOT_FOUND = re.compile(r"(?i)(entry|key) not found")


class Runtime:
    """The runtime sockets in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def ask(self, command: str, at: str = WORKER) -> str:
        """Return the answer to ``command``, which may carry a payload.

        Raises
        ------
        EdgeUnreachable
            When nobody answers in time.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_unix_connection(sock=self._connect(at))
                try:
                    writer.write(command.encode() + b"\n")
                    writer.write_eof()
                    return (await reader.read()).decode(errors="replace").strip("\n")
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            raise EdgeUnreachable(
                "The proxy does not answer.", remedy="`labyard up` starts it; its log says more."
            ) from None

    def worker(self) -> int | None:
        """Return the process id of the worker that serves now, without an event loop; None for none."""
        return _pid(self._ask_now("show info", WORKER))

    def minded(self) -> bool:
        """Return whether the master answers, without an event loop."""
        return bool(parse_workers(self._ask_now("show proc", MASTER)))

    def _ask_now(self, command: str, at: str) -> str:
        try:
            with self._connect(at) as connection:
                connection.settimeout(_GLANCE)
                connection.sendall(command.encode() + b"\n")
                connection.shutdown(socket.SHUT_WR)
                with connection.makefile("rb") as answer:
                    return answer.read().decode(errors="replace")
        except OSError:
            return ""

    def _connect(self, name: str) -> socket.socket:
        directory = os.open(self._directory, os.O_PATH | os.O_DIRECTORY)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(f"/proc/self/fd/{directory}/{name}")
        except OSError:
            connection.close()
            raise
        finally:
            os.close(directory)
        return connection

    async def pid(self) -> int | None:
        """Return the process id of the worker that serves now."""
        return _pid(await self.ask("show info"))

    async def set(self, key: str, value: str) -> None:
        """Have ``key`` lead to ``value``, in one step where it led somewhere else before."""
        answer = await self.ask(f"set map {MAP} {key} {value}")
        if _NOT_FOUND.search(answer):
            answer = await self.ask(f"add map {MAP} {key} {value}")
        _expect_silence(answer)

    async def delete(self, key: str) -> None:
        """Forget ``key``; one that is not there is forgotten."""
        answer = await self.ask(f"del map {MAP} {key}")
        if not _NOT_FOUND.search(answer):
            _expect_silence(answer)

    async def entries(self) -> dict[str, str]:
        """Return the whole map as it is now."""
        return parse_map(await self.ask(f"show map {MAP}"))

    async def replace(self, entries: Mapping[str, str]) -> None:
        """Have the map hold ``entries`` and nothing else, from one moment to the next."""
        answer = await self.ask(f"prepare map {MAP}")
        found = re.search(r"New version created: (\d+)", answer)
        if not found:
            raise EdgeError(f"The proxy said: {answer}", remedy="Its log may say more.")
        version = found[1]
        for payload in _payloads(f"{key} {value}\n" for key, value in entries.items()):
            _expect_silence(await self.ask(f"add map @{version} {MAP} <<\n{payload}"))
        _expect_silence(await self.ask(f"commit map @{version} {MAP}"))

    async def cut(self, address: str) -> int:
        """End every open connection to ``address`` (``ip:port``) at once; return how many there were."""
        count = 0
        workers = parse_workers(await self.ask("show proc", MASTER))
        for worker in workers:
            sessions = parse_sessions(await self.ask(f"@!{worker} show sess all", MASTER), address)
            for session in sessions:
                await self.ask(f"@!{worker} shutdown session {session}", MASTER)
            count += len(sessions)
        return count


def _pid(info: str) -> int | None:
    found = re.search(r"^Pid: (\d+)$", info, re.MULTILINE)
    return int(found[1]) if found else None


def _expect_silence(answer: str) -> None:
    if answer:
        raise EdgeError(f"The proxy said: {answer}", remedy="Its log may say more.")


def _payloads(lines: Iterable[str]) -> Iterable[str]:
    payload = ""
    for line in lines:
        if len(payload) + len(line) > _PAYLOAD:
            yield payload
            payload = ""
        payload += line
    if payload:
        yield payload


def parse_map(answer: str) -> dict[str, str]:
    """Return what ``show map`` listed: lines of an id, a key and a value."""
    rows = (line.split(" ", 2) for line in answer.splitlines() if line.startswith("0x"))
    return {key: value for _, key, value in rows}


def parse_workers(answer: str) -> list[int]:
    """Return the process ids of the workers ``show proc`` listed, those of before a reload too."""
    return [int(pid) for pid in re.findall(r"^(\d+)\s+worker\s", answer, re.MULTILINE)]


def parse_sessions(answer: str, address: str) -> list[str]:
    """Return the ids of the sessions that lead to ``address``, of what ``show sess all`` listed."""
    sessions = re.split(r"^(?=0x[0-9a-f]+: )", answer, flags=re.MULTILINE)
    leads = re.compile(rf"^  server=.* addr={re.escape(address)}$", re.MULTILINE)
    return [session.split(":", 1)[0] for session in sessions if leads.search(session)]
