"""Every setting as people are told of it: what holds, where it comes from, what it would be. Pure.

Command line, page and REST tell the same; no secret passes through here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from labyard.core.units import write_bytes, write_seconds
from labyard.settings.declared import ITEM, Option, options
from labyard.settings.load import Loaded
from labyard.settings.schema import Settings

HIDDEN = "(set, not shown)"
OVERRIDE = "jupyterhub_config.d"


@dataclass(frozen=True, slots=True)
class Told:
    """One setting. ``value`` is as JSON has it, secrets masked; ``source`` as in :class:`Loaded`.

    What the site's own files in ``jupyterhub_config.d`` made of it holds and is told, and that it is
    theirs.
    """

    option: Option
    value: Any
    source: str
    changed: bool

    @property
    def path(self) -> str:
        """Return its dotted path."""
        return self.option.path

    @property
    def section(self) -> str:
        """Return the path of the section it is in; empty for the whole document."""
        return self.path.rpartition(".")[0]

    @property
    def text(self) -> str:
        """Return the value as a settings file would have it, on one line."""
        if self.option.secret:
            return HIDDEN if self.value else "not set"
        return written(self.option, self.value)

    @property
    def usual(self) -> str:
        """Return the default likewise."""
        return written(self.option, at(_defaults(), self.path))

    @property
    def unset(self) -> bool:
        """Return whether nothing is set: no value, no text, no items."""
        return self.value is None or self.value in ("", [], {})

    def holds(self, words: str) -> bool:
        """Return whether ``words`` are in its path, help, value, source or environment names."""
        told = (self.path, self.option.help, self.text, self.source, *self.option.variables)
        return words.casefold() in "\n".join(told).casefold()


def told(loaded: Loaded, held: Settings | None = None) -> Sequence[Told]:
    """Return every setting in the order of the declaration.

    ``held`` are the settings as the hub has them, where those are known: after the site's own files.
    """
    read = loaded.settings.model_dump(mode="json")
    there = (held or loaded.settings).model_dump(mode="json")
    return [
        Told(
            option,
            value=_masked(option, value := at(there, option.path)),
            source=loaded.sources[option.path] if value == at(read, option.path) else OVERRIDE,
            changed=value != at(_defaults(), option.path),
        )
        for option in options()
        if option.variables
    ]


def at(tree: Any, path: str) -> Any:
    """Return what a tree of mappings has at a dotted path."""
    for key in path.split("."):
        tree = tree[key]
    return tree


def written(option: Option, value: Any) -> str:
    """Return a value as a settings file would have it, on one line; of items their names."""
    match option.unit, value:
        case _, None:
            return "null"
        case _, bool():
            return "true" if value else "false"
        case "bytes", int():
            return write_bytes(value)
        case "seconds", int() | float():
            return write_seconds(value)
        case _, list() | dict():
            return _several(value)
    return str(value)


def _several(value: list[Any] | dict[str, Any]) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items()) or "{}"
    names = [
        str(each.get("name") or number) if isinstance(each, dict) else str(each)
        for number, each in enumerate(value, 1)
    ]
    return ", ".join(names) or "[]"


def _masked(option: Option, value: Any) -> Any:
    """Return a value without what is secret in it, in items of lists too."""
    if option.secret:
        return HIDDEN if value else value
    inside = [
        each.path.removeprefix(f"{option.path}{ITEM}.")
        for each in options()
        if each.secret and each.path.startswith(f"{option.path}{ITEM}.")
    ]
    if not inside:
        return value
    return [
        {**item, **{key: HIDDEN for key in inside if isinstance(item, Mapping) and item.get(key)}}
        for item in value
    ]


@cache
def _defaults() -> Mapping[str, Any]:
    return Settings().model_dump(mode="json")
