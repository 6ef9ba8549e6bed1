"""The command that builds: docker with BuildKit, or podman."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labyard.core.errors import EngineError

Said = Callable[[str], None]
# Where Debian keeps its own client, if another one without BuildKit comes first in PATH.
_DEBIAN = "/usr/bin"


@dataclass(frozen=True, slots=True)
class Client:
    """One engine's command, with what leads it to the engine."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    async def run(self, *arguments: str, given: bytes = b"", said: Said = lambda line: None) -> str:
        """Run the command with ``given`` as its input and return the last line it printed.

        ``said`` hears every line as it comes.

        Raises
        ------
        EngineError
            When it fails, with the end of what it said.
        """
        process = await asyncio.create_subprocess_exec(
            *self.command,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **self.environment},
            limit=2**20,
        )
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        feeding = asyncio.create_task(_feed(process.stdin, given))
        lines: deque[str] = deque(maxlen=25)
        async for line in process.stdout:
            lines.append(line.decode(errors="replace").rstrip())
            said(lines[-1])
        await feeding
        if await process.wait():
            end = "\n".join(lines)
            raise EngineError(
                f"`{self.command[0]} {arguments[0]}` failed:\n{end}\n",
                remedy="See that the engine answers, a package index can be reached and the disk has room.",
            )
        return lines[-1] if lines else ""

    async def label(self, image: str, label: str) -> str | None:
        """Return an image's label, or None when there is no such image."""
        question = f'{{{{index .Config.Labels "{label}"}}}}'
        try:
            return await self.run("image", "inspect", "--format", question, image)
        except EngineError:
            return None


async def _feed(pipe: asyncio.StreamWriter, given: bytes) -> None:
    try:
        pipe.write(given)
        await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended before it had read all, and says why by itself
    pipe.close()


def find(kind: str, socket: str) -> Client:
    """Return a client that can build on the engine at ``socket``; ``kind`` is docker or podman.

    Raises
    ------
    EngineError
        When none is installed.
    """
    if kind == "podman":
        if shutil.which("podman"):
            return Client(("podman", "--url", socket) if socket else ("podman",))
        raise EngineError("podman is not installed.", remedy="Install it, or set labs.image.")
    environment = {"DOCKER_BUILDKIT": "1", **({"DOCKER_HOST": socket} if socket else {})}
    for path in _installed("docker"):
        if builds(_says(path, "buildx", "version"), _says(path, "--version")):
            return Client((path,), environment)
    raise EngineError(
        "No docker client that can build is installed.",
        remedy="Install Debian's docker.io (or docker-buildx), or set labs.image to an image that is there.",
    )


def builds(buildx: str, version: str) -> bool:
    """Return whether a client builds with BuildKit: through buildx, or itself before version 23."""
    major = version.removeprefix("Docker version ").split(".")[0]
    return bool(buildx) or (major.isdigit() and int(major) < 23)


def _installed(name: str) -> Iterable[str]:
    directories = [*os.environ.get("PATH", os.defpath).split(os.pathsep), _DEBIAN]
    paths = [str(Path(directory) / name) for directory in dict.fromkeys(directories)]
    return [path for path in paths if os.access(path, os.X_OK)]


def _says(*command: str) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
