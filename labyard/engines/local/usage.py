"""What a process and all it started use now, from ``/proc``."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from labyard.core.models import Usage

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SHARED = 0.2  # seconds that a look serves others too


@dataclass(frozen=True, slots=True)
class Sample:
    """One process: ``cpu`` is seconds used so far, ``memory`` bytes."""

    parent: int
    cpu: float
    memory: int


def parse_stat(text: str) -> Sample:
    """Return what ``/proc/<pid>/stat`` says; memory is the resident set."""
    # The second field is the program's name in brackets and may hold anything.
    fields = text[text.rindex(")") + 2 :].split()
    cpu = (int(fields[11]) + int(fields[12])) / _TICKS
    return Sample(parent=int(fields[1]), cpu=cpu, memory=int(fields[21]) * _PAGE)


def parse_pss(text: str) -> int:
    """Return bytes from ``smaps_rollup``: shared memory counts for each who shares it in part."""
    (line,) = (line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024


@dataclass(frozen=True)
class Look:
    """Every process of this machine at one moment; ``at`` is in seconds of a monotonic clock."""

    at: float
    samples: Mapping[int, Sample]

    @cached_property
    def children(self) -> Mapping[int, Sequence[int]]:
        """Return the processes that each started: sorted out once, however many labs there are."""
        found: dict[int, list[int]] = {}
        for pid, sample in self.samples.items():
            found.setdefault(sample.parent, []).append(pid)
        return found

    def below(self, root: int) -> Iterator[int]:
        """Yield the processes that ``root`` started, and those they started."""
        waiting = [*self.children.get(root, ())]
        while waiting:
            pid = waiting.pop()
            yield pid
            waiting += self.children.get(pid, ())


class Looks:
    """Looks at this machine's processes, shared by all who want one at about the same time."""

    def __init__(self) -> None:
        self._last: asyncio.Task[Look] | None = None

    async def take(self) -> Look:
        """Return a look that is not older than a fifth of a second."""
        last = self._last
        if last is None or (last.done() and not _fresh(last)):
            last = self._last = asyncio.create_task(asyncio.to_thread(_look))
        return await asyncio.shield(last)


def _fresh(look: asyncio.Task[Look]) -> bool:
    return look.exception() is None and time.monotonic() - look.result().at < _SHARED


async def usage(root: int, before: Look, after: Look) -> Usage:
    """Return what the processes below ``root`` use, between two looks."""
    return await asyncio.to_thread(_usage, root, before, after)


def _usage(root: int, before: Look, after: Look) -> Usage:
    then, now = before.samples, after.samples
    pids = list(after.below(root))
    used = sum(now[p].cpu - then[p].cpu for p in pids if p in then)
    span = after.at - before.at
    return Usage(cpu=max(0.0, used) / span if span else 0.0, memory=sum(_memory(pids, now)))


def _look() -> Look:
    return Look(time.monotonic(), _samples())


def _samples() -> dict[int, Sample]:
    found = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208  for speed
        if entry.isdigit():
            try:
                found[int(entry)] = parse_stat(_read(f"/proc/{entry}/stat"))
            except (OSError, ValueError):
                continue  # it ended between the two looks
    return found


def _memory(pids: Iterable[int], samples: Mapping[int, Sample]) -> Iterator[int]:
    for pid in pids:
        try:
            yield parse_pss(_read(f"/proc/{pid}/smaps_rollup"))
        except (OSError, ValueError):
            yield samples[pid].memory


def _read(path: str) -> str:
    """Return what a file of ``/proc`` says, without what makes larger files quick."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  for speed: hundreds a second
        return file.read().decode(errors="replace")
