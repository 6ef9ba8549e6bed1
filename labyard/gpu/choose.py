"""Which GPUs a lab gets. Pure: from what there is and what is held to what is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from labyard.core import causes
from labyard.core.errors import Refused
from labyard.core.models import Lab, LabStatus
from labyard.core.names import GPUS

Asked = int | str | tuple[str, ...]


class NoGpuFree(Refused):
    """There are not as many free GPUs as were asked for."""

    code = "no-gpu-free"
    status = 409
    cause = causes.NO_GPU_FREE


def held(labs: Iterable[Lab], *, but: str = "") -> frozenset[str]:
    """Return the GPUs that labs hold as their labels say, leaving out the lab called ``but``."""
    return frozenset(
        device
        for lab in labs
        if lab.name != but and lab.status is not LabStatus.STOPPED
        for device in lab.labels.get(GPUS, "").split(",")
        if device
    )


def choose(asked: Asked | None, devices: Sequence[str], taken: Collection[str]) -> tuple[str, ...]:
    """Return ids for what was ``asked``: how many, ``all``, or ids.

    Raises
    ------
    NoGpuFree
        When there are not enough. It says how many are free, never which.
    """
    free = [device for device in devices if device not in taken]
    if asked is None or asked == 0:
        return ()
    if isinstance(asked, tuple):
        if all(device in free for device in asked):
            return asked
        raise NoGpuFree(
            f"A GPU that was asked for is in use; {len(free)} of {len(devices)} GPUs are free.",
            remedy="Ask for a number of GPUs instead of certain ones, or try again later.",
        )
    count = len(devices) if asked == "all" else int(asked)
    if not count or count > len(free):
        wanted = f"{'all ' if asked == 'all' else ''}{count}"
        raise NoGpuFree(
            f"{len(free)} of {len(devices)} GPUs are free; {wanted} were asked for.",
            remedy="Ask for fewer, or try again when somebody has stopped a lab.",
        )
    return tuple(free[:count])
