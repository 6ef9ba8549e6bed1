"""Forms with files (RFC 7578), taken apart as they pass by. Pure: bytes in, fields and files out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labyard.core.errors import Refused

_HEADERS = 8192  # bytes of one part's headers
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^;\s"]{1,70}))')
_NAMED = re.compile(r'(?<![\w*])(name|filename)="([^"]*)"')
_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}


@dataclass(frozen=True, slots=True)
class Part:
    """What begins: a field, or a file if it has a ``filename`` (empty where none was chosen)."""

    name: str
    filename: str | None = None


class Form:
    """Takes the body of one form apart. ``ended`` says whether its last boundary has come."""

    def __init__(self, content_type: str) -> None:
        found = _BOUNDARY.search(content_type)
        if not content_type.lower().startswith("multipart/form-data") or found is None:
            raise Refused("This is not a form with files.", remedy="Use the page's own form.")
        self._delimiter = b"\r\n--" + (found[1] or found[2]).encode()
        self._buffer = b"\r\n"  # the first boundary begins a line too
        self._inside = False  # of a part's content
        self._headers = False  # of a part that begins
        self.ended = False

    def feed(self, data: bytes) -> Iterator[Part | bytes]:
        """Yield the parts that begin, each followed by what is there of its content.

        Raises
        ------
        Refused
            When it is no such form.
        """
        self._buffer += data
        while not self.ended:
            if self._headers:
                head, end, rest = self._buffer.partition(b"\r\n\r\n")
                if not end:
                    if len(self._buffer) > _HEADERS:
                        raise _broken()
                    return
                self._buffer, self._headers, self._inside = rest, False, True
                yield _part(head)
                continue
            at = self._buffer.find(self._delimiter)
            if at < 0:
                keep = len(self._delimiter) + 1
                if self._inside and len(self._buffer) > keep:
                    yield self._buffer[:-keep]
                self._buffer = self._buffer[-keep:]
                return
            after = self._buffer[at + len(self._delimiter) :]
            if len(after) < 2:
                return
            if self._inside and at:
                yield self._buffer[:at]
            self._inside, self._headers, self._buffer = False, True, after[2:]
            if after[:2] == b"--":
                self.ended = True
            elif after[:2] != b"\r\n":
                raise _broken()


def _part(head: bytes) -> Part:
    for line in head.decode(errors="replace").split("\r\n"):
        header, _, value = line.partition(":")
        if header.strip().lower() != "content-disposition":
            continue
        said = dict(_NAMED.findall(value))
        if value.strip().lower().startswith("form-data") and "name" in said:
            filename = said.get("filename")
            return Part(said["name"], None if filename is None else _written(filename))
    raise _broken()


def _written(filename: str) -> str:
    """Return a file's name as the browser had it before it made a header of it."""
    for escape, character in _ESCAPES.items():
        filename = filename.replace(escape, character)
    return filename


def _broken() -> Refused:
    return Refused("The form is damaged.", remedy="Send it again.")
