"""Undoing compression as bytes pass by, never more at a time than fits in memory. Pure."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Protocol

from labyard.volumes.tars import NoTar

_STEP = 2**20  # bytes that come out at a time
_MAGIC = 6  # bytes that tell how something is compressed
_MEMORY = 128 * 2**20  # bytes that xz may use
_PACK_ANEW = "Send a .tar, .tar.gz, .tar.bz2 or .tar.xz."
_UNREAD = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
    b"\x28\xb5\x2f\xfd": "zstd",
}


class _Stage(Protocol):
    """What all decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gzip:
    """zlib's own object keeps what it has not read yet elsewhere than the others do."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class Unwrapping:
    """Makes of a compressed stream, or one that is not, the bytes that were compressed."""

    def __init__(self) -> None:
        self._begin = b""
        self._known = False
        self._make: type[_Gzip] | type[bz2.BZ2Decompressor] | _Xz | None = None
        self._stage: _Stage | None = None

    def feed(self, data: bytes, *, last: bool = False) -> Iterator[bytes]:
        """Yield what ``data`` stands for, in pieces of a megabyte at most.

        Raises
        ------
        NoTar
            When it is damaged, or compressed in a way that cannot be checked while it comes.
        """
        if not self._known:
            self._begin += data
            if len(self._begin) < _MAGIC and not last:
                return
            data, self._begin, self._known = self._begin, b"", True
            self._make = _recognised(data)
            self._stage = self._make() if self._make else None
        if self._make is None:
            if data:
                yield data
            return
        try:
            yield from self._undone(data)
        except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError):
            raise NoTar("The archive is damaged.", remedy=_PACK_ANEW) from None

    def _undone(self, data: bytes) -> Iterator[bytes]:
        if (
            self._stage is None
        ):  # one has ended; another may follow: that is how they are put together
            data = data.lstrip(b"\0")
        while self._make is not None and (data or self._stage is not None):
            self._stage = self._stage or self._make()
            out = self._stage.decompress(data, _STEP)
            data = b""
            if out:
                yield out
            if self._stage.eof:
                data, self._stage = self._stage.unused_data.lstrip(b"\0"), None
            elif len(out) < _STEP:
                return


class _Xz:
    def __call__(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(memlimit=_MEMORY)


def _recognised(begin: bytes) -> type[_Gzip] | type[bz2.BZ2Decompressor] | _Xz | None:
    for magic, kind in _UNREAD.items():
        if begin.startswith(magic):
            raise NoTar(
                f"This is a {kind} file, which cannot be checked while it arrives.",
                remedy=_PACK_ANEW,
            )
    if begin.startswith(b"\x1f\x8b"):
        return _Gzip
    if begin.startswith(b"BZh"):
        return bz2.BZ2Decompressor
    return _Xz() if begin.startswith(b"\xfd7zXZ\0") else None
