"""Reading and writing tars as they pass by. Pure: bytes come in anywhere, entries come out whole."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from tarfile import BLOCKSIZE, TarInfo

from labyard.core.errors import Refused

END = bytes(2 * BLOCKSIZE)
_ENCODING, _ERRORS = "utf-8", "surrogateescape"
_LONGEST = 2**18  # bytes of one entry's long names and other additions, of all together
_LONG = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
_NOT_FOR_ALL = {"path", "linkpath", "size"}

Piece = TarInfo | bytes


class NoTar(Refused):
    """What came is not a tar, or not a whole one."""

    code = "bad-archive"


class Reader:
    """Takes a tar apart. ``ended`` says whether the blocks that end it have come."""

    def __init__(self) -> None:
        self.ended = False
        self._block = bytearray()  # what has come of a header
        self._long = bytearray()  # what has come of an addition to the next header
        self._addition: TarInfo | None = None
        self._said: dict[str, str] = {}  # by additions, for the next entry
        self._added = 0  # bytes of additions since the last entry
        self._left = 0  # bytes of content to come
        self._padding = 0  # bytes to a whole block after it

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Yield the entries that begin in ``data``, each followed by what is there of its content.

        Raises
        ------
        NoTar
            When ``data`` cannot follow what came before.
        """
        at = 0
        while at < len(data) and not self.ended:
            if self._left:
                piece = data[at : at + self._left]
                self._left -= len(piece)
                at += len(piece)
                if self._addition is None:
                    yield piece
                else:
                    self._long += piece
            elif self._padding:
                skipped = min(self._padding, len(data) - at)
                self._padding -= skipped
                at += skipped
            else:
                taken = data[at : at + BLOCKSIZE - len(self._block)]
                self._block += taken
                at += len(taken)
            if not self._left and self._addition is not None:
                self._take_addition(self._addition)
            if len(self._block) == BLOCKSIZE and not self._left and not self._padding:
                yield from self._header(bytes(self._block))
                self._block.clear()

    def _header(self, block: bytes) -> Iterator[TarInfo]:
        try:
            entry = TarInfo.frombuf(block, _ENCODING, _ERRORS)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            self.ended = True
            return
        except (tarfile.HeaderError, ValueError, OverflowError):
            raise NoTar(
                "This is not a tar, or it is damaged.", remedy="Pack it anew: tar czf my.tar.gz …"
            ) from None
        if entry.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.XGLTYPE, *_LONG):
            self._added += entry.size
            if entry.size <= 0 or self._added > _LONGEST:
                raise NoTar("A name in the archive is too long.", remedy="Shorten it.")
            self._addition = entry
            self._content(entry.size)
            return
        self._complete(entry)
        self._content(entry.size if entry.isreg() else 0)
        yield entry

    def _content(self, size: int) -> None:
        self._left, self._padding = size, -size % BLOCKSIZE

    def _take_addition(self, addition: TarInfo) -> None:
        content, self._addition = bytes(self._long), None
        self._long.clear()
        if addition.type in _LONG:
            name = content.rstrip(b"\0").decode(_ENCODING, _ERRORS)
            self._said[_LONG[addition.type]] = name
            return
        said = dict(_records(content))
        if addition.type == tarfile.XGLTYPE:
            if _NOT_FOR_ALL & set(said):
                raise NoTar(
                    "The archive gives all entries the same name or size.", remedy="Pack it anew."
                )
            return
        self._said.update(said)

    def _complete(self, entry: TarInfo) -> None:
        said, self._said, self._added = self._said, {}, 0
        if any(key.startswith("GNU.sparse.") for key in said):
            raise NoTar(
                f"{shown(said.get('path', entry.name))} is stored with holes, which is not read here.",
                remedy="Pack it without tar's --sparse.",
            )
        entry.name = said.get("path", entry.name)
        entry.linkname = said.get("linkpath", entry.linkname)
        try:
            entry.size = int(said.get("size", entry.size))
            entry.mtime = float(said.get("mtime", entry.mtime))
        except ValueError:
            raise NoTar("The archive is damaged.", remedy="Pack it anew.") from None
        if entry.size < 0:
            raise NoTar("The archive is damaged: a size is negative.", remedy="Pack it anew.")


def _records(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield what a PAX header says: records of ``length key=value``, each with a line's end."""
    at = 0
    while at < len(content):
        length, space, _ = content[at : at + 20].partition(b" ")
        size = int(length) if space and length.isdigit() else 0
        record = content[at : at + size]
        key, equals, value = record[len(length) + 1 : -1].partition(b"=")
        if not size or len(record) != size or not equals or not record.endswith(b"\n"):
            raise NoTar("The archive is damaged.", remedy="Pack it anew.")
        yield key.decode(_ENCODING, _ERRORS), value.decode(_ENCODING, _ERRORS)
        at += size


def header(entry: TarInfo) -> bytes:
    """Return the bytes that begin an entry; its content and :func:`padding` follow."""
    return entry.tobuf(tarfile.PAX_FORMAT, _ENCODING, _ERRORS)


def padding(entry: TarInfo) -> bytes:
    """Return the bytes that end an entry with content."""
    return bytes(-entry.size % BLOCKSIZE) if entry.isreg() else b""


def shown(name: str) -> str:
    """Return a name so that it can be read: on one line, not too long, no byte that says nothing."""
    readable = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name
    )
    return readable if len(readable) <= 200 else f"{readable[:100]}…{readable[-90:]}"
