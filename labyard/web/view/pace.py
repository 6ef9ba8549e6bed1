"""How often an open page asks again: as often as what it shows may change."""

from __future__ import annotations

from collections.abc import Iterable

# Seconds.
MOVING = 2  # something starts, stops or is being measured
RUNNING = 5  # a lab runs: what happens in it comes without a click
IDLE = 15  # only somebody else, or another window, changes anything


def pace(states: Iterable[str], *, busy: bool = False) -> int:
    """Return the seconds until a page that shows servers in these ``states`` asks again.

    ``busy`` says that something else on it moves.
    """
    seen = set(states)
    if busy or seen & {"starting", "stopping"}:
        return MOVING
    return RUNNING if "running" in seen else IDLE
