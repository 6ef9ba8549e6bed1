"""Names as they were typed, matched whole: ``student1`` is never ``student10``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from labyard.core.errors import NotFound


def exactly(names: Sequence[str], known: Collection[str], what: str) -> list[str]:
    """Return ``names`` in order and once each, when every one of them is in ``known``.

    Raises
    ------
    NotFound
        Naming each unknown one and its nearest neighbour, before anything was done to any.
    """
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        raise NotFound(
            " ".join(f"There is no {what} named {name!r}." for name in unknown),
            remedy=_hint(unknown, known, what),
        )
    return list(dict.fromkeys(names))


def _hint(unknown: Sequence[str], known: Collection[str], what: str) -> str:
    near = [match for name in unknown for match in get_close_matches(name, known, n=1, cutoff=0.5)]
    if near:
        return f"Did you mean {' '.join(dict.fromkeys(near))}?"
    return f"`labyard {what}s list` shows all of them." if known else f"There are no {what}s yet."
