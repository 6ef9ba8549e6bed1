"""Taking volumes out as archives, and putting files in."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Iterator,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass

from labyard.core.errors import Busy, NotFound, Refused
from labyard.core.locks import UserLocks
from labyard.core.models import LAB_USER, Owner, Unpacking
from labyard.core.names import Names
from labyard.engines.base import Engine
from labyard.engines.errand import SCRATCH
from labyard.settings.volumes import Uploads, VolumeSettings
from labyard.volumes.admission import Admission, Limits
from labyard.volumes.bounds import Filling, Reading
from labyard.volumes.catalog import Entry, catalog, users
from labyard.volumes.intake import Intake, Outgoing
from labyard.volumes.sizes import Sizes
from labyard.volumes.tars import shown

_STEP = 256 * 2**10  # bytes
_LONGEST = 1000  # characters of a folder's path
_FAST = 1  # zlib's level: what people keep is often compressed already


@dataclass(frozen=True, slots=True)
class Upload:
    """What a person wants done with what they send: see ``Admission`` and ``Unpacking``."""

    key: str
    folder: str = ""
    overwrite: bool = False
    strip: bool = False
    drop_links: bool = False


@dataclass(frozen=True, slots=True)
class Transfers:
    """Downloads and uploads of one installation."""

    settings: Sequence[VolumeSettings]
    uploads: Uploads
    engine: Engine
    locks: UserLocks
    names: Names
    sizes: Sizes
    reading: Reading
    filling: Filling

    async def download(
        self, owner: Owner, key: str, folder: str = "", *, compressed: bool = True
    ) -> AsyncGenerator[bytes, None]:
        """Yield a tar of a volume or of a folder in it, also while labs run.

        Raises
        ------
        Refused, NotFound
            There is nothing that could be downloaded so.
        Busy
            Too many downloads are under way.
        """
        folder = checked_folder(folder)
        entry = await self._entry(owner, key)
        outgoing = Outgoing(folder.rpartition("/")[2] or key)
        pack = zlib.compressobj(_FAST, wbits=31) if compressed else None

        def packed(data: bytes | None) -> bytes:
            out = outgoing.finish() if data is None else b"".join(outgoing.feed(data))
            if pack is None:
                return out
            return pack.compress(out) + (pack.flush() if data is None else b"")

        with self.reading.take(owner, entry.mount.source):
            source = self.engine.archive(entry.mount.source, owner, folder)
            async with aclosing(source):
                async for chunk in source:
                    if out := await asyncio.to_thread(packed, chunk):
                        yield out
            yield await asyncio.to_thread(packed, None)

    async def upload(
        self, owner: Owner, wanted: Upload, source: Callable[[Intake], AsyncIterator[bytes]]
    ) -> int:
        """Put what comes into a volume, all of it or nothing, and return how many files that were.

        ``source`` yields what the intake made of what was sent.

        Raises
        ------
        Refused
            Something about the volume, the folder or one of the files; nothing was changed.
        Busy
            A lab of the owner runs, or another action is under way.
        Crowded
            All people together send too much.
        """
        folder = checked_folder(wanted.folder)
        with self.filling.take():
            async with self.locks.hold(owner.id, f"uploading to {wanted.key}"):
                entry = await self._entry(owner, wanted.key)
                if entry.mount.read_only:
                    raise Refused(
                        f"{wanted.key.capitalize()} is read only.", remedy="Choose another volume."
                    )
                if running := users(await self.engine.labs(), owner):
                    raise Busy(
                        f"Your lab {running[0].name} is running, so its volumes are in use.",
                        remedy="Stop your servers, then upload; or upload inside JupyterLab.",
                    )
                intake = Intake(self._admission(wanted))
                how = Unpacking(owner, folder=folder, overwrite=wanted.overwrite)
                await self.engine.unpack(entry.mount.source, source(intake), how)
        self.sizes.soon([entry.mount.source])
        return intake.files

    def _admission(self, wanted: Upload) -> Admission:
        uid, _, gid = LAB_USER.partition(":")
        return Admission(
            Limits(self.uploads.max_unpacked, self.uploads.max_files),
            (int(uid), int(gid)),
            strip=wanted.strip,
            drop_links=wanted.drop_links,
        )

    async def _entry(self, owner: Owner, key: str) -> Entry:
        existing = await self.engine.volumes(self.names.volume_prefix)
        entries = {e.mount.key: e for e in catalog(self.settings, existing, owner, self.names)}
        own = ", ".join(key for key, entry in entries.items() if not entry.mount.shared)
        if key not in entries:
            raise NotFound(f"There is no volume {shown(key)}.", remedy=f"Choose from: {own}.")
        if entries[key].mount.shared:
            raise Refused(
                f"{key.capitalize()} is everybody's: it is read and filled inside JupyterLab.",
                remedy=f"Choose from: {own}.",
            )
        if not entries[key].exists:
            raise NotFound(
                f"{key.capitalize()} is not there yet.", remedy="The first start makes it."
            )
        return entries[key]


async def steps(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what ``pieces`` gives, made in a thread, some of it at a time: others get their turn."""
    while some := await asyncio.to_thread(_some, pieces):
        yield some


def _some(pieces: Iterator[bytes]) -> bytes:
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= _STEP:
            break
    return bytes(gathered)


def checked_folder(text: str) -> str:
    """Return a folder in a volume as ``a/b``, empty for the volume's top.

    Raises
    ------
    Refused
        When it leads out of the volume, or cannot be a folder's name.
    """
    parts = [part for part in text.strip().split("/") if part not in ("", ".")]
    if ".." in parts or len(text) > _LONGEST or not text.isprintable() or "\\" in text:
        raise Refused(
            f"{shown(text)} cannot be a folder in a volume.",
            remedy="Write, for example, data/2026, without '..'.",
        )
    if parts and parts[0].startswith(SCRATCH):
        raise Refused(
            f"A folder that begins with {SCRATCH} is an upload's own.", remedy="Choose another."
        )
    return "/".join(parts)


def filename(key: str, folder: str, day: str, *, compressed: bool) -> str:
    """Return what a download is called: letters, digits and ``-`` only, whatever the folder's name."""
    last = folder.rpartition("/")[2]
    words = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in last).split())
    return "-".join(filter(None, [key, words[:40], day])) + (".tar.gz" if compressed else ".tar")
