"""From what a person sends to a tar that may be unpacked. Pure: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Iterator
from tarfile import TarInfo

from labyard.core.errors import Refused
from labyard.volumes.admission import Admission
from labyard.volumes.tars import END, NoTar, Reader, header, padding
from labyard.volumes.unwrapping import Unwrapping

_FILE_MODE = 0o644
_ENDING = 16 * 2**20  # bytes that may follow a tar's end: programs fill up what they write last


class Intake:
    """Writes one tar from an archive or from files, in the order in which they come."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._unwrapping = Unwrapping()
        self._reader = Reader()
        self._admitted = False  # whether the entry whose content comes now was
        self._owed = b""  # what ends it
        self._archive = False
        self._ending = 0  # bytes that came after the end

    @property
    def files(self) -> int:
        """Return how many files and links have come."""
        return self._admission.files

    def archive(self, data: bytes) -> Iterator[bytes]:
        """Yield what to hand over for the next ``data`` of an archive. Raises ``Refused``."""
        self._archive = True
        for plain in self._unwrapping.feed(data):
            yield from self._plain(plain)

    def file(self, name: str, size: int, mtime: float = 0) -> Iterator[bytes]:
        """Yield what begins a file ; its ``size`` bytes follow as they are."""
        entry = TarInfo(name)
        entry.size, entry.mode, entry.mtime = size, _FILE_MODE, mtime
        yield from self._begin(entry)

    def finish(self) -> Iterator[bytes]:
        """Yield what ends it all.

        Raises
        ------
        Refused
            When nothing came, or an archive is not whole.
        """
        if self._archive:
            for plain in self._unwrapping.feed(b"", last=True):
                yield from self._plain(plain)
            if not self._reader.ended:
                raise NoTar(
                    "The archive breaks off before its end.", remedy="Pack or send it again."
                )
        if not self._admission.files and not self._archive:
            raise Refused("No file came.", remedy="Choose one or more files.")
        yield self._owed + END

    def _plain(self, data: bytes) -> Iterator[bytes]:
        if self._reader.ended:
            self._ending += len(data)
            if self._ending > _ENDING:
                raise NoTar("The archive goes on after its end.", remedy="Pack it anew.")
            return
        for piece in self._reader.feed(data):
            if isinstance(piece, TarInfo):
                yield from self._begin(piece)
            elif self._admitted:
                yield piece

    def _begin(self, entry: TarInfo) -> Iterator[bytes]:
        admitted = self._admission.admit(entry)
        self._admitted = bool(admitted)
        headers, self._owed = [self._owed, *map(header, admitted)], b""
        if admitted:
            self._owed = padding(admitted[-1])
        yield b"".join(headers)


class Outgoing:
    """Gives an engine's archive of a folder the name that people see, and sees that it is whole."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._reader = Reader()
        self._top: str | None = None
        self._owed = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what to hand on for the next ``data``."""
        for piece in self._reader.feed(data):
            if not isinstance(piece, TarInfo):
                yield piece
                continue
            if self._top is None:
                self._top = piece.name.rstrip("/")
            piece.name = self._renamed(piece.name)
            if piece.islnk():
                piece.linkname = self._renamed(piece.linkname)
            piece.uname = piece.gname = ""
            yield self._owed + header(piece)
            self._owed = padding(piece)

    def finish(self) -> bytes:
        """Return what ends it.

        Raises
        ------
        NoTar
            When the engine broke off: a file went away while it was read.
        """
        if not self._reader.ended:
            raise NoTar(
                "A file was changed while it was read, so the archive is not whole.",
                remedy="Download it again, or stop the server first.",
            )
        return self._owed + END

    def _renamed(self, name: str) -> str:
        top = self._top or ""
        return self._name + (name[len(top) :] if name.startswith(top) else f"/{name}")
