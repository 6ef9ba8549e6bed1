"""Sizes and durations as people write them."""

from __future__ import annotations

import re

_BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = r"(\d+(?:\.\d+)?)"


def parse_bytes(value: object) -> int:
    """Return bytes: ``512M``, ``4G``, ``1.5GiB`` or a number of bytes. K is 1024.

    Raises
    ------
    ValueError
        When ``value`` is none of these.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and (
        m := re.fullmatch(_NUMBER + r"\s*([kmgt]?)(?:i?b)?", value.strip().lower())
    ):
        return int(float(m[1]) * _BYTES[m[2]])
    raise ValueError("must be a size such as 512M, 4G or a number of bytes")


def parse_seconds(value: object) -> float:
    """Return seconds: ``90``, ``90s``, ``5m``, ``8h``, ``14d``.

    Raises
    ------
    ValueError
        When ``value`` is none of these.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and (
        m := re.fullmatch(_NUMBER + r"\s*([smhd]?)", value.strip().lower())
    ):
        return float(m[1]) * _SECONDS[m[2]]
    raise ValueError("must be a duration such as 30s, 5m, 8h or a number of seconds")


def show_bytes(value: float) -> str:
    """Return ``value`` bytes for people: ``3.1 GB`` in powers of 1024."""
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"
