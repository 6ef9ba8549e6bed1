"""YAML as a layer of settings: plain values, each with its line.

Stricter than YAML where it guesses: a key that is given twice is an error instead of the last one
winning, keys are text as written (``no`` is not ``false``), ``1:30`` and dates are text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from labyard.settings.layers import Layer, Loc, dotted


class _Loader(yaml.SafeLoader):
    """YAML's safe types, less the guesses that surprise."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag.endswith((":bool", ":null"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind, _form in {
    "int": r"[-+]?(0|[1-9][0-9]*)$",
    "float": r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?$|[-+]?[0-9]+e[-+]?[0-9]+$"
    r"|[-+]?\.inf$|\.nan$",
}.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(_form, re.IGNORECASE), list("-+.0123456789")
    )


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a piece of YAML says, the place (``name:line``) of each value, and what is wrong."""

    value: Any = None
    places: dict[Loc, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read(path: Path, name: str) -> Layer:
    """Return what a file sets, or nothing where there is none; ``name`` is for errors."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Layer()
    except OSError as error:
        return Layer(problems=(f"{name}: cannot be read: {error.strerror}.",))
    parsed = parse(text, name)
    if isinstance(parsed.value, dict):
        return Layer(parsed.value, parsed.places, tuple(parsed.problems))
    if parsed.value is not None:
        what = describe(parsed.value)
        parsed.problems.append(f"{name}: must be a mapping of settings; it is {what}.")
    return Layer(problems=tuple(parsed.problems))


def parse(text: bytes | str, name: str) -> Parsed:
    """Return what ``text`` says; ``name`` is what it is called in places and problems."""
    parsed = Parsed()
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            value = _Reader(loader, name, parsed).value(node, ()) if node else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        # Never the line itself, which the mark would quote: it may hold a secret.
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        parsed.problems.append(f"{name}:{line}: is not YAML: {error.problem}.")
    except (yaml.YAMLError, UnicodeDecodeError):
        parsed.problems.append(f"{name}: is not text in UTF-8.")
    else:
        return Parsed(value, parsed.places, parsed.problems)
    return parsed


def describe(value: object) -> str:
    """Return what sort of value something is, for people."""
    sorts = {
        type(None): "null",
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a mapping",
    }
    return sorts.get(type(value), type(value).__name__)


class _Reader:
    """Turns YAML nodes into values and notes their places."""

    def __init__(self, loader: _Loader, name: str, into: Parsed) -> None:
        self._loader = loader
        self._name = name
        self._places = into.places
        self._problems = into.problems
        self._within: list[yaml.Node] = []

    def value(self, node: yaml.Node, at: Loc) -> Any:
        """Return what ``node`` stands for; what is wrong below it is noted and left out."""
        self._places[at] = place = self._place(node)
        if any(node is outer for outer in self._within):
            self._problems.append(f"{place}: {dotted(at)}: an alias contains itself.")
            return None
        self._within.append(node)
        try:
            match node:
                case yaml.MappingNode():
                    return self._mapping(node, at)
                case yaml.SequenceNode():
                    return [self.value(item, (*at, i)) for i, item in enumerate(node.value)]
                case _:
                    return self._scalar(node, at)
        finally:
            self._within.pop()

    def _mapping(self, node: yaml.MappingNode, at: Loc) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                where = dotted(at) or "the document"
                self._problems.append(f"{place}: {where}: a key must be text.")
                continue
            key = str(key_node.value)
            loc = (*at, key)
            if key in first:
                self._problems.append(
                    f"{place}: {dotted(loc)}: is given twice; the first is on line {first[key]}."
                )
                continue
            first[key] = key_node.start_mark.line + 1
            values[key] = self.value(value_node, loc)
            self._places[loc] = place
        return values

    def _scalar(self, node: yaml.Node, at: Loc) -> Any:
        try:
            return self._loader.construct_object(node)
        except ValueError:
            self._problems.append(f"{self._place(node)}: {dotted(at)}: does not fit its tag.")
            return None

    def _place(self, node: yaml.Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}"
