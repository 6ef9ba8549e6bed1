"""Measuring, archiving and filling volumes where labs are processes.

Whatever follows paths inside a volume runs as the account its files belong to: a link that somebody
put there leads it no further than it would lead them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labyard.core.errors import EngineError, NotFound, Refused
from labyard.core.models import Owner, Size, Unpacking
from labyard.engines import errand
from labyard.engines.local.spec import Place, account

_PROGRAM = Path(errand.__file__)
_CHUNK = 256 * 2**10  # bytes
_SCRATCH = re.compile(re.escape(errand.SCRATCH) + "[0-9a-f]{16}")


class Errands:
    """The errands of one local engine."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._under_way: set[str] = set()

    async def measure(self, volumes: Sequence[str], seconds: float) -> Mapping[str, Size]:
        """Return the sizes of those of ``volumes`` that there are."""
        places = [str(self._place.volume(name)) for name in volumes]
        found = await asyncio.to_thread(errand.measure, places, seconds)
        return {n: Size(*size) for n, size in zip(volumes, found, strict=True) if size is not None}

    async def archive(
        self, volume: str, name: str, owner: Owner, folder: str
    ) -> AsyncGenerator[bytes, None]:
        """Yield a tar of ``folder`` in a volume that appears as ``name``."""
        root = self._root(volume)
        top = folder.rpartition("/")[2] or name
        orders = {"do": "pack", "root": str(root), "folder": folder, "name": top}
        process = await _start(orders, owner, stdin=False)
        if process.stdout is None:
            raise EngineError("The archive cannot be read.")
        try:
            while chunk := await process.stdout.read(_CHUNK):
                yield chunk
            await process.wait()
            said = await process.stderr.read() if process.stderr else b""
        finally:
            await _end(process)
        if (answer := _answer(said)).get("refused"):
            raise NotFound(answer["refused"], remedy=answer["remedy"])

    async def unpack(self, volume: str, tar: AsyncIterator[bytes], how: Unpacking) -> None:
        """Gather what ``tar`` holds in a directory of the volume's own, then move it, whole."""
        root, scratch = self._root(volume), errand.SCRATCH + secrets.token_hex(8)
        place = root / scratch
        self._under_way.add(scratch)
        try:
            await _do({"do": "unpack", "scratch": str(place)}, how.owner, tar)
            keep = {"do": "keep", "root": str(root), "scratch": str(place)}
            await _do({**keep, "folder": how.folder, "overwrite": how.overwrite}, how.owner)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(_clear, root, place))
            raise
        finally:
            self._under_way.discard(scratch)

    async def sweep(self) -> None:
        """Undo what uploads of a killed process left half-done."""
        await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        for place in self._place.volumes.glob(f"[!.]*/{errand.SCRATCH}*"):
            left = _SCRATCH.fullmatch(place.name) and place.name not in self._under_way
            if left and place.is_dir() and not place.is_symlink():
                _clear(place.parent, place)

    def _root(self, volume: str) -> Path:
        root = self._place.volume(volume)
        if not root.is_dir():
            raise NotFound(f"There is no volume {volume!r}.", remedy="See the list of volumes.")
        return root


def _clear(root: Path, place: Path) -> None:
    """Put back what was overwritten, and remove the scratch directory, as the account whose it is."""
    if not place.exists():
        return
    about = place.lstat()
    orders: dict[str, Any] = {"do": "put_back", "root": str(root), "scratch": str(place)}
    if os.geteuid() == 0:
        orders["become"] = [about.st_uid, about.st_gid, []]
    done = subprocess.run(_command(orders), capture_output=True, check=False, env={})
    if (answer := _answer(done.stdout)).get("refused") and place.exists():
        shutil.rmtree(place, ignore_errors=True)
        raise EngineError(answer["refused"], remedy=answer["remedy"])


async def _do(
    orders: Mapping[str, Any], owner: Owner, tar: AsyncIterator[bytes] | None = None
) -> None:
    """Carry out orders as ``owner``'s account, handing a tar over as it comes."""
    process = await _start(orders, owner, stdin=tar is not None)
    try:
        if tar is not None and process.stdin is not None:
            async for chunk in tar:
                process.stdin.write(chunk)
                try:
                    await process.stdin.drain()
                except ConnectionError:
                    break  # it gave up; what it says tells why
            process.stdin.close()
        out, err = await process.communicate()
    finally:
        await _end(process)
    if (answer := _answer(out, err)).get("refused"):
        raise Refused(answer["refused"], remedy=answer["remedy"])


async def _start(
    orders: Mapping[str, Any], owner: Owner, *, stdin: bool
) -> asyncio.subprocess.Process:
    orders = dict(orders)
    if (whose := account(owner.id, os.geteuid())) is not None:
        orders["become"] = [whose.uid, whose.uid, [whose.shared_gid]]
    return await asyncio.create_subprocess_exec(
        *_command(orders),
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
    )


def _command(orders: Mapping[str, Any]) -> Sequence[str]:
    return [sys.executable, "-I", "-S", str(_PROGRAM), json.dumps(orders)]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _answer(out: bytes, err: bytes = b"") -> Mapping[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:
        words = " ".join((out + err).decode(errors="replace").split())[-300:]
        raise EngineError(
            f"The local engine could not do it ({words or 'it said nothing'}).",
            remedy="See that the disk has room, then try again.",
        ) from None
    return answer
