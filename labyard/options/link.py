"""The query of a link that carries choices. It fills in the form; it starts nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from labyard.core.units import write_bytes
from labyard.options.declaration import FIELDS, Options, plain

PREFIX = "opt-"


def link(options: Options, **more: str) -> str:
    """Return the query that carries ``options`` and ``more``, without a question mark."""
    return query(plain(options), **more)


def query(chosen: Mapping[str, Any], **more: str) -> str:
    """Return the query that carries choices as REST has them, checked or not, and ``more``."""
    return urlencode(more | {PREFIX + field: text for field, text in typed(chosen).items()})


def suggested(query: Mapping[str, Sequence[bytes | str]]) -> dict[str, str]:
    """Return what a link's query suggests, by field, not checked."""
    found = {}
    for field in FIELDS:
        if values := query.get(PREFIX + field):
            value = values[0]
            found[field] = value.decode(errors="replace") if isinstance(value, bytes) else value
    return found


def typed(chosen: Mapping[str, Any]) -> dict[str, str]:
    """Return choices as a person would type them into the form."""
    return {
        field: _typed(field, chosen[field]) for field in FIELDS if chosen.get(field) is not None
    }


def _typed(field: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}={text}" for name, text in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        # A form and a query bring lists of one.
        return ",".join(map(str, value))
    if field in ("memory", "shm") and isinstance(value, int):
        return write_bytes(value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)
