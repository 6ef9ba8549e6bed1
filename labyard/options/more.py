"""More memory for a server that had too little: one step, and no further than it may have."""

from __future__ import annotations

from labyard.options.declaration import Options
from labyard.options.limits import Limits
from labyard.options.profiles import fixed, outcome

_GB = 2**30


def more_memory(chosen: Options, limits: Limits) -> int | None:
    """Return the next larger memory in bytes that ``chosen`` may be started with.

    Twice what it gets now, or the most there may be, where that is less; of the machine's in whole GB.
    None where there is no more, nobody can choose it, or there is no limit now.
    """
    given = outcome(chosen, limits)
    profile = limits.profile(given.profile)
    if given.memory is None or limits.missing("memory") or fixed(profile, "memory"):
        return None
    host = limits.host_memory
    ceilings = [limits.under(profile).memory, host and (host // _GB * _GB or host)]
    most = min(2 * given.memory, *(n for n in ceilings if n is not None))
    return most if most > given.memory else None
