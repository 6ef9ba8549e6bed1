"""Choices in words."""

from __future__ import annotations

from labyard.core.units import show_bytes
from labyard.options.declaration import LABELS, Options
from labyard.options.limits import Limits


def cores(cpu: float) -> str:
    """Return ``1 core``, ``0.5 cores``."""
    return f"{cpu:g} core{'' if cpu == 1 else 's'}"


def gpus(asked: int | str | tuple[str, ...]) -> str:
    """Return ``1 GPU``, ``all GPUs``; nothing for none."""
    if asked == "all":
        return "all GPUs"
    count = count_of(asked)
    return f"{count} GPU{'' if count == 1 else 's'}" if count else ""


def count_of(asked: int | str | tuple[str, ...] | None) -> int:
    """Return how many GPUs a number or ids ask for."""
    return len(asked) if isinstance(asked, tuple) else int(asked or 0)


def size(given: Options) -> str:
    """Return what a server may use, in one line: ``4 cores · 16 GB · 1 GPU``."""
    return " · ".join(
        filter(
            None,
            [
                cores(given.cpu) if given.cpu is not None else "",
                show_bytes(given.memory) if given.memory is not None else "",
                gpus(given.gpus) if given.gpus is not None else "",
            ],
        )
    )


def up_to(field: str, limits: Limits) -> str:
    """Return the most that may be chosen for ``field``, in a sentence; empty where nothing is set."""
    match field:
        case "cpu":
            most = _least(limits.cpu, limits.host_cpu)
            return f"Up to {most:g}." if most is not None else ""
        case "memory":
            most = _least(limits.memory, limits.host_memory)
            return f"Up to {show_bytes(most)}." if most is not None else ""
        case "shm":
            return f"Up to {show_bytes(limits.shm)}." if limits.shm is not None else ""
        case "days":
            return f"Up to {limits.days}." if limits.days is not None else ""
        case "gpus":
            return f"Up to {min(limits.gpus, len(limits.devices))}."
    return ""


def _least(*limits: float | None) -> float | None:
    return min((each for each in limits if each is not None), default=None)


def told(options: Options) -> tuple[tuple[str, str], ...]:
    """Return what was chosen, in words: label and value of each field."""
    shown = {
        "profile": options.profile,
        "image": options.image,
        "cpu": options.cpu is not None and cores(options.cpu),
        "memory": options.memory is not None and show_bytes(options.memory),
        "shm": options.shm is not None and show_bytes(options.shm),
        "gpus": options.gpus is not None and (gpus(options.gpus) or "none"),
        "days": options.days is not None
        and f"{options.days} day{'' if options.days == 1 else 's'}",
        "mount": options.mount is not None and ("mounted" if options.mount else "not mounted"),
        "environment": ", ".join(options.environment or {}),
    }
    return tuple((LABELS[field], str(value)) for field, value in shown.items() if value)
