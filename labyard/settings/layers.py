"""Layers of settings and how one lies on another.

A layer is a tree of plain values; each value's origin is known: a file with a line, or the name of
an environment variable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Where a value is in the tree: keys of mappings and indices of lists.
Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """Values, the origin of each, and what is wrong with the place they come from."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: Mapping[Loc, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def origin(self, loc: Loc) -> str:
        """Return where the value at ``loc`` or the nearest one around it comes from, or ``""``."""
        while loc and loc not in self.origins:
            loc = loc[:-1]
        return self.origins.get(loc, "")


def dotted(loc: Loc) -> str:
    """Return ``loc`` as people write it: ``volumes[0].name``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")


def merge(layers: Iterable[Layer], groups: frozenset[str]) -> Layer:
    """Lay each layer on those before it: mappings merge deeply, lists and other values replace.

    A group of settings that holds nothing (``edge:`` with every line below it commented out) changes
    nothing.
    """
    values: dict[str, Any] = {}
    origins: dict[Loc, str] = {}
    problems: list[str] = []

    def lay(under: dict[str, Any], over: Mapping[str, Any], at: Loc, layer: Layer) -> None:
        for key, value in over.items():
            loc = (*at, key)
            if value is None and dotted(loc) in groups:
                continue
            if isinstance(value, dict):
                if not isinstance(under.get(key), dict):
                    _forget(origins, loc)
                    under[key] = {}
                if origin := layer.origin(loc):
                    origins[loc] = origin
                lay(under[key], value, loc, layer)
            else:
                _forget(origins, loc)
                under[key] = value
                origins.update(_below(layer.origins, loc))

    for layer in layers:
        lay(values, layer.values, (), layer)
        problems.extend(layer.problems)
    return Layer(values, origins, tuple(problems))


def _below(origins: Mapping[Loc, str], loc: Loc) -> dict[Loc, str]:
    return {at: origin for at, origin in origins.items() if at[: len(loc)] == loc}


def _forget(origins: dict[Loc, str], loc: Loc) -> None:
    for below in _below(origins, loc):
        del origins[below]
