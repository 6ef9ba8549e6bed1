"""Who has the GPUs that labs may have, as far as one person may know: theirs by name, others by number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labyard.core.models import Lab, Owner
from labyard.core.names import USER_ID
from labyard.gpu.choose import held
from labyard.options.limits import Limits
from labyard.web.sampler import Snapshot


@dataclass(frozen=True, slots=True)
class GpusView:
    """The GPUs of this place. ``mine`` are names; ``used`` counts those of others."""

    mine: tuple[str, ...]
    used: int
    free: int

    @property
    def of(self) -> int:
        """Return how many there are."""
        return len(self.mine) + self.used + self.free

    @property
    def words(self) -> str:
        """Return all of it in words, for whoever does not see the boxes."""
        return f"{self.of} GPUs: {len(self.mine)} yours, {self.used} used, {self.free} free"


def view_gpus(owner: Owner, snapshot: Snapshot, limits: Limits) -> GpusView | None:
    """Return what to draw; None where this person gets none, or what labs hold is not known."""
    devices = limits.devices
    if limits.missing("gpus") or snapshot.info is None or snapshot.error is not None:
        return None
    labs = snapshot.labs.values()
    taken = held(labs) & set(devices)
    own = held(lab for lab in labs if lab.labels.get(USER_ID) == str(owner.id))
    mine = named(own & taken, devices)
    return GpusView(mine, len(taken) - len(mine), len(devices) - len(taken))


def held_by(lab: Lab | None, devices: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the GPUs that a lab holds."""
    return named(held([lab]), devices) if lab is not None else ()


def named(gpus: Iterable[str], devices: Sequence[str]) -> tuple[str, ...]:
    """Return GPUs by their number in the settings, and the beginning of their id."""
    there = set(gpus)
    return tuple(f"GPU {n} ({_short(gpu)})" for n, gpu in enumerate(devices) if gpu in there)


def _short(gpu: str) -> str:
    """Return a CDI name whole, and of a UUID what tells it from others."""
    return gpu if "=" in gpu or len(gpu) <= 16 else gpu[:12] + "…"
