"""What an entry keeps of its details: what is long or has many items is cut, and says so. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

CUT = "\N{HORIZONTAL ELLIPSIS}"
MOST = 8192  # bytes of JSON that the details of one entry take

# Characters of a text and items of a list: the first that keeps within MOST.
_LIMITS = ((2000, 50), (200, 20), (50, 5))
_NAMES = 50  # in a mapping


def kept(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return details as an entry keeps them: at most ``MOST`` bytes, every name still there."""
    for longest, most in _LIMITS:
        found = {name: _cut(value, longest, most) for name, value in details.items()}
        if len(json.dumps(found)) <= MOST:
            return found
    return {name: value if _small(value) else CUT for name, value in found.items()}


def _small(value: Any) -> bool:
    return not isinstance(value, (Mapping, list))


def _cut(value: Any, longest: int, most: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else value[: longest - 1] + CUT
    if isinstance(value, Mapping):
        some = islice(value.items(), _NAMES)
        told = {_cut(str(name), longest, most): _cut(item, longest, most) for name, item in some}
        return told if len(value) <= _NAMES else {**told, CUT: f"{len(value) - _NAMES} more"}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [_cut(item, longest, most) for item in islice(value, most)]
        return items if len(value) <= most else [*items, f"{CUT} {len(value) - most} more"]
    return value
