"""What a process and all it started use now, from ``/proc``."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from labyard.core.models import Usage

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SAMPLE = 0.2  # seconds over which cpu time is measured


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


def below(root: int, samples: Mapping[int, Sample]) -> Iterator[int]:
    """Return the processes that ``root`` started, and those they started."""
    children: dict[int, list[int]] = {}
    for pid, sample in samples.items():
        children.setdefault(sample.parent, []).append(pid)
    waiting = [*children.get(root, ())]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, ())


async def usage(root: int) -> Usage:
    """Return what the processes below ``root`` use, over a fifth of a second."""
    before, then = _samples(), time.monotonic()
    await asyncio.sleep(_SAMPLE)
    after, now = _samples(), time.monotonic()
    pids = list(below(root, after))
    used = sum(after[p].cpu - before[p].cpu for p in pids if p in before)
    return Usage(cpu=max(0.0, used) / (now - then), memory=sum(_memory(pids, after)))


def _samples() -> dict[int, Sample]:
    found = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208  for speed
        if entry.isdigit():
            try:
                found[int(entry)] = parse_stat(Path(f"/proc/{entry}/stat").read_text())
            except (OSError, ValueError):
                continue  # it ended between the two looks
    return found


def _memory(pids: Iterable[int], samples: Mapping[int, Sample]) -> Iterator[int]:
    for pid in pids:
        try:
            yield parse_pss(Path(f"/proc/{pid}/smaps_rollup").read_text())
        except (OSError, ValueError):
            yield samples[pid].memory
