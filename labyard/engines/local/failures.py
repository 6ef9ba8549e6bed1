"""What the system refuses, as errors that people understand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labyard.core.errors import EngineError


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Raise ``EngineError`` for an ``OSError`` that comes while ``doing`` (``make lab 'x'``)."""
    try:
        yield
    except OSError as error:
        raise EngineError(
            f"The local engine could not {doing}: {error}.",
            remedy="See that the data directory can be written and has room.",
        ) from error
