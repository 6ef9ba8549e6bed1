"""Sizes and durations as people write them."""

from __future__ import annotations

import math
import re
from decimal import Decimal

_BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER = r"([0-9]{1,18}(?:\.[0-9]{1,9})?)"
_SIZE = re.compile(_NUMBER + r" ?([kmgt]?)(?:i?b)?", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(_NUMBER + r" ?([smhd]?)", re.ASCII | re.IGNORECASE)


def parse_bytes(value: object) -> int:
    """Return bytes: ``512M``, ``4G``, ``1.5GiB`` or a number of bytes. K is 1024.

    Raises
    ------
    ValueError
        When ``value`` is none of these.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and (m := _SIZE.fullmatch(value.strip())):
        return int(Decimal(m[1]) * _BYTES[m[2].lower()])
    raise ValueError("must be a size such as 512M, 4G or a number of bytes")


def parse_seconds(value: object) -> float:
    """Return seconds: ``90``, ``90s``, ``5m``, ``8h``, ``14d``.

    Raises
    ------
    ValueError
        When ``value`` is none of these.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, str) and (m := _DURATION.fullmatch(value.strip())):
        return float(Decimal(m[1]) * _SECONDS[m[2].lower()])
    raise ValueError("must be a duration such as 30s, 5m, 8h or a number of seconds")


def write_bytes(value: int) -> str:
    """Return ``value`` bytes as settings have them, exactly: :func:`parse_bytes` undoes it."""
    unit = next(u for u in ("t", "g", "m", "k", "") if value % _BYTES[u] == 0)
    return f"{value // _BYTES[unit]}{unit.upper()}"


def write_seconds(value: float) -> str:
    """Return ``value`` seconds as settings have them: :func:`parse_seconds` undoes it.

    Fractions finer than a nanosecond are rounded.
    """
    if value != int(value):
        return f"{value:.9f}".rstrip("0") + "s"
    whole = int(value)
    unit = next(u for u in ("d", "h", "m", "s") if whole % _SECONDS[u] == 0) if whole else "s"
    return f"{whole // _SECONDS[unit]}{unit}"


def show_bytes(value: float) -> str:
    """Return ``value`` bytes for people: ``3.1 GB`` in powers of 1024, ``4 GB`` when it is whole."""
    unit = "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    digits = 0 if unit == "B" or 10 <= value < 1024 else 1
    return f"{value:.{digits}f}".removesuffix(".0") + f" {unit}"
