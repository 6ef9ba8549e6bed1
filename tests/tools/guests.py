"""Who is whose on the session's installation: files that share it have people of their own.

Which files meet on one installation is decided anew in each run, by which process is free. Two of them
that take the same name would fail now and then, and far from the cause.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile


class Guests:
    """The names that files have taken, in a directory that all processes of a run share."""

    def __init__(self, book: Path) -> None:
        self._book = book
        self._seen: set[str] = set()
        book.mkdir(parents=True, exist_ok=True)

    def note(self, names: Iterable[str], file: str) -> None:
        """Take those of ``names`` that were not here before ``file``; raise if another one has any."""
        new = set(names) - self._seen
        self._seen |= new
        taken = {name: owner for name in sorted(new) if (owner := self._take(name, file)) != file}
        told = "; ".join(f"{name} is {owner}'s" for name, owner in taken.items())
        assert not taken, f"{file} needs names of its own on the session's installation: {told}"

    def _take(self, name: str, file: str) -> str:
        """Return whose ``name`` is now."""
        with NamedTemporaryFile("w", dir=self._book, prefix=".") as mine:
            mine.write(file)
            mine.flush()
            try:
                os.link(mine.name, self._book / name)  # at once there and whole
            except FileExistsError:
                return (self._book / name).read_text()
        return file
