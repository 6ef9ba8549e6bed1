"""Many people at once: which lines are names that can be added, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from labyard.auth import usernames
from labyard.core.errors import Refused

MOST = 500


class BadLines(Refused):
    """Some lines cannot be added, so that none was; ``lines`` says why of each, by its number from 1."""

    code = "bad-lines"

    def __init__(self, lines: Mapping[int, str]) -> None:
        first = next(iter(lines))
        count = "1 line is" if len(lines) == 1 else f"{len(lines)} lines are"
        super().__init__(
            f"{count} no name that can be added: line {first}: {lines[first]}",
            remedy="Nobody was added. Mend or remove them, then send all again.",
        )
        self.lines = lines

    def as_json(self) -> dict[str, Any]:
        """Return the body of a REST answer, with what is wrong by line."""
        lines = [{"line": number, "message": why} for number, why in self.lines.items()]
        return {**super().as_json(), "lines": lines}


def names(
    lines: Sequence[str],
    objection: Callable[[str], str],
    taken: Callable[[Collection[str]], Collection[str]],
) -> list[str]:
    """Return the names that ``lines`` hold, normalised; empty lines and comments (``#``) are passed over.

    ``objection`` says why a name cannot be used, ``taken`` which ones somebody has.

    Raises
    ------
    Refused
        When there are none, or more than ``MOST``.
    BadLines
        When one of them cannot be added.
    """
    found = {
        number: usernames.normalize(line.partition("#")[0].strip())
        for number, line in enumerate(lines, 1)
    }
    found = {number: name for number, name in found.items() if name}
    if not 1 <= len(found) <= MOST:
        raise Refused(
            f"These are {len(found)} names." if found else "There is no name.",
            remedy=f"Send 1 to {MOST} at a time, one a line.",
        )
    there, first, bad = set(taken(found.values())), dict[str, int](), dict[int, str]()
    for number, name in found.items():
        if why := objection(name):
            bad[number] = f"{name[:40]}: {why}"
        elif name in first:
            bad[number] = f"{name} is in line {first[name]} already."
        elif name in there:
            bad[number] = f"There is an account named {name} already."
        first.setdefault(name, number)
    if bad:
        raise BadLines(bad)
    return list(found.values())
