"""A file that says who may come in, read anew each time somebody does."""

from __future__ import annotations

import logging
from pathlib import Path

from labyard.auth import usernames
from labyard.core.errors import Forbidden, LabyardError

log = logging.getLogger(__name__)


class Unreadable(LabyardError):
    """The file cannot be read: nobody on it can be known."""

    code = "allow-list"
    status = 503


def names(text: str) -> frozenset[str]:
    """Return the names in ``text``: one a line, whatever their case; ``#`` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return frozenset(usernames.normalize(line) for line in lines if line)


class AllowList:
    """The file at ``path``. It comes on top of every way to sign in. Calls block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def demand(self, name: str, *, admin: bool) -> None:
        """Do nothing if ``name`` is on it; an administrator need not be.

        Raises
        ------
        Forbidden
            When it is not.
        Unreadable
            When the file cannot be read: then nobody but administrators comes in.
        """
        if admin:
            return
        try:
            listed = name in names(self._path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            log.error("%s cannot come in: the allow-list %s: %s", name, self._path, error)
            raise Unreadable(
                "The list of those who may come in cannot be read.",
                remedy="This is not your fault: tell an administrator.",
            ) from error
        if not listed:
            log.warning("%s is not on the allow-list %s", name, self._path)
            raise Forbidden(
                f"{name} is not on the list of those who may come in.",
                remedy="Ask an administrator to be put on it.",
            )
