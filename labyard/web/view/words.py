"""Times and sizes as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """Return the time as the hub writes it."""
    return datetime.now(UTC)


def ago(span: timedelta) -> str:
    """Return how long ago something was, e.g. ``2 h 5 min ago``."""
    return "just now" if span < timedelta(minutes=1) else f"{lasting(span)} ago"


def lasting(span: timedelta) -> str:
    """Return how long something lasts: minutes, hours and minutes, or days."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // (24 * 60)} days"


def cores(cpu: float | None) -> str:
    """Return a number of cores, e.g. ``1 core``; nothing for None."""
    return "" if cpu is None else f"{cpu:g} core{'' if cpu == 1 else 's'}"


def shortened(text: str, most: int) -> str:
    """Return ``text`` in at most ``most`` characters, the last of them … where some are left out."""
    return text if len(text) <= most else text[: most - 1] + "…"
