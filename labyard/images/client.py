"""The command that builds: docker with BuildKit, or podman."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labyard.core.errors import EngineError

Said = Callable[[str], None]
# Where Debian keeps its own client, if another one without BuildKit comes first in PATH.
_DEBIAN = "/usr/bin"


async def run(
    command: Sequence[str],
    said: Said = lambda line: None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return the last line it printed; ``said`` hears every line as it comes.

    Raises
    ------
    EngineError
        When it fails, with the end of what it said.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        limit=2**20,
    )
    assert process.stdout is not None  # noqa: S101
    lines: deque[str] = deque(maxlen=25)
    try:
        async for line in process.stdout:
            lines.append(line.decode(errors="replace").rstrip())
            said(lines[-1])
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
    if code:
        end = "\n".join(lines)
        raise EngineError(
            f"`{Path(command[0]).name} {command[1]}` failed:\n{end}\n",
            remedy="See that the engine answers, a package index can be reached and the disk has room.",
        )
    return lines[-1] if lines else ""


@dataclass(frozen=True, slots=True)
class Client:
    """One engine's command, with what leads it to the engine."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Return whether a build must be told to print its progress line by line."""
        return "DOCKER_BUILDKIT" in self.environment

    async def run(self, *arguments: str, said: Said = lambda line: None) -> str:
        """Run the command with ``arguments``; see :func:`run`."""
        return await run((*self.command, *arguments), said, self.environment)

    async def image(self, name: str) -> str | None:
        """Return an image's id, or None when the engine has none of that name."""
        found = await self._inspect(name, "{{json .Id}}")
        return str(found).removeprefix("sha256:") if found else None

    async def labels(self, name: str) -> Mapping[str, str]:
        """Return an image's labels; none when the engine has no such image."""
        return await self._inspect(name, "{{json .Config.Labels}}") or {}

    async def _inspect(self, name: str, wanted: str) -> Any:
        try:
            return json.loads(await self.run("image", "inspect", "--format", wanted, name))
        except EngineError:
            return None


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
