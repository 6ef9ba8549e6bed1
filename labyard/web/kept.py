"""A file on its way, which waits until its size is known."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from labyard.core.errors import LabyardError

_IN_MEMORY = 2**20  # bytes of one file; a larger one waits on disk
_SPARE = 2**30  # bytes that stay free there: the platform keeps its own state on the same disk
_STEP = 2**16  # bytes


class NoRoom(LabyardError):
    """The platform's disk has no room for what is on its way."""

    code = "no-room"
    status = 507


class Kept:
    """Holds one file, without a name in ``spool``: it goes with the process, however that ends."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._held: IO[bytes] = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            _IN_MEMORY, dir=str(spool)
        )
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add ``data``.

        Raises
        ------
        NoRoom
            When the disk is nearly full.
        """
        self.size += len(data)
        if self.size > _IN_MEMORY and shutil.disk_usage(self._spool).free < _SPARE + len(data):
            raise NoRoom(
                "The platform's disk is nearly full, and nothing was changed.",
                remedy="Send one archive, which does not wait there, or tell your administrator.",
            )
        self._held.write(data)

    def read(self) -> Iterator[bytes]:
        """Yield all that was written."""
        self._held.seek(0)
        while data := self._held.read(_STEP):
            yield data

    def close(self) -> None:
        """Let go of it."""
        self._held.close()
