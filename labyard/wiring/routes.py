"""The addresses of Labyard's own REST: which there are, and how OpenAPI writes them."""

from __future__ import annotations

import inspect
import re._constants as kinds  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
HUB, SERVICE = "/hub/api/labyard/", "/services/labyard/api/"


@dataclass(frozen=True, slots=True)
class Address:
    """A path with names in braces, and the schema of each name."""

    path: str = ""
    names: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __add__(self, other: Address) -> Address:
        return Address(self.path + other.path, {**self.names, **other.names})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address, and the function that answers it."""

    method: str
    address: Address
    handler: type
    function: Any

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.address.path}"


def endpoints() -> list[Endpoint]:
    """Return every operation of both applications, in the order of their addresses."""
    found = {str(each): each for pattern, handler in _patterns() for each in _of(pattern, handler)}
    return [found[name] for name in sorted(found, key=lambda name: name.split()[::-1])]


def _patterns() -> Iterator[tuple[str, type]]:
    from labyard.auth.native import LabyardAuthenticator  # noqa: PLC0415
    from labyard.core.store import Store  # noqa: PLC0415
    from labyard.policies.book import Book  # noqa: PLC0415
    from labyard.settings.schema import Settings  # noqa: PLC0415
    from labyard.web.app import ROUTES  # noqa: PLC0415
    from labyard.wiring.processes import hub_handlers  # noqa: PLC0415

    nowhere = Book(Store("sqlite:///nowhere.sqlite"), [])
    ours = [*LabyardAuthenticator().get_handlers(None), *hub_handlers(nowhere, Settings())]
    everything = [
        *((f"/hub{pattern}", handler) for pattern, handler, *_ in ours),
        *((f"/services/labyard/{pattern}", handler) for pattern, handler in ROUTES),
    ]
    for pattern, handler in everything:
        if pattern.startswith((HUB, SERVICE)) and not pattern.endswith("/.*"):
            yield pattern, handler


def _of(pattern: str, handler: type) -> Iterator[Endpoint]:
    for method in METHODS:
        function = getattr(handler, method, None)
        if function is None or not function.__module__.startswith("labyard."):
            continue
        names = [name.removesuffix("_name") for name in inspect.signature(function).parameters][1:]
        for address in addresses(pattern, names):
            yield Endpoint(method, address, handler, function)


def addresses(pattern: str, names: Sequence[str]) -> list[Address]:
    """Return an address for each alternative of a route's pattern; its groups are called ``names``."""
    return _spelled(parser.parse(pattern), names)


def _spelled(tree: Any, names: Sequence[str]) -> list[Address]:
    steps = [list(_choices(kind, value, names)) for kind, value in tree]
    return [sum(parts, Address()) for parts in product(*steps)]


def _choices(kind: Any, value: Any, names: Sequence[str]) -> Iterator[Address]:
    if kind is kinds.LITERAL:
        yield Address(chr(value))
    elif kind is kinds.BRANCH:
        for branch in value[1]:
            yield from _spelled(branch, names)
    elif kind is kinds.SUBPATTERN and value[0] is None:
        yield from _spelled(value[3], names)
    elif kind is kinds.SUBPATTERN:
        name = names[value[0] - 1]
        yield Address(f"{{{name}}}", {name: _schema(value[3])})
    elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[:2] == (0, 1):
        yield Address()
        yield from _spelled(value[2], names)
    else:
        raise ValueError(f"{kind} outside of a group: no address can be written for it")


def _schema(tree: Any) -> Mapping[str, Any]:
    """Return what a group may be: one of some words, a number, or any text."""
    if words := _words(tree):
        return {"type": "string", "enum": sorted(words)}
    kind, value = tree[0]
    digits = kind is kinds.MAX_REPEAT and value[2][0] == (kinds.IN, [(kinds.RANGE, (48, 57))])
    return {"type": "integer", "minimum": 0} if digits else {"type": "string", "minLength": 1}


def _words(tree: Any) -> list[str]:
    """Return the words that a group names; none when it admits more than words."""
    try:
        return [address.path for address in _spelled(tree, ())]
    except ValueError:
        return []
