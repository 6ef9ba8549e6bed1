"""Every route of the running applications, read off the applications."""

from __future__ import annotations

import re._constants as kinds
import re._parser as parser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace
from typing import Any

from jupyterhub import apihandlers, handlers
from tornado.web import RequestHandler

from labyard.auth.native import LabyardAuthenticator
from labyard.core.store import Store
from labyard.policies.book import Book
from labyard.settings.schema import Settings
from labyard.web.app import make_app
from labyard.wiring.processes import hub_handlers

METHODS = ("post", "put", "patch", "delete")  # of what changes something
ALL = ("get", *METHODS)
SERVICE = "/services/labyard/"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address, below the base path. ``readable``: GET is another thing there."""

    method: str
    path: str
    pattern: str
    readable: bool
    handler: type

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def hub_routes() -> list[Route]:
    """Return those of the hub that change something: JupyterHub's own and ours."""
    everything = [*_ours(), *handlers.default_handlers, *apihandlers.default_handlers]
    return _found(((f"/hub{pattern}", handler) for pattern, handler, *_ in everything), METHODS)


def our_routes() -> list[Route]:
    """Return all of the hub's that are ours, and all of the service's."""
    ours = ((f"/hub{pattern}", handler) for pattern, handler, *_ in _ours())
    return [*_found(ours, ALL), *service_routes(ALL)]


def _ours() -> list[Any]:
    book = Book(Store("sqlite:///nowhere.sqlite"), [])
    return [*LabyardAuthenticator().get_handlers(None), *hub_handlers(book, Settings())]


def service_routes(methods: Sequence[str] = METHODS) -> list[Route]:
    """Return those of the service."""
    parts: Any = SimpleNamespace(settings=Settings(), auth=SimpleNamespace(base_url=SERVICE))
    app = make_app(parts, b"\0" * 32)
    routes = (
        (rule.matcher.regex.pattern.removesuffix("$"), rule.target)  # type: ignore[attr-defined]
        for rule in app.wildcard_router.rules
    )
    return _found(routes, methods)


def _found(routes: Any, methods: Sequence[str]) -> list[Route]:
    found: dict[tuple[str, str], Route] = {}
    for pattern, handler in routes:
        for method in methods:
            if _has(handler, method):
                for path in samples(pattern):
                    route = Route(method.upper(), path, pattern, _has(handler, "get"), handler)
                    found.setdefault((method, path), route)
    return list(found.values())


def _has(handler: type, method: str) -> bool:
    return getattr(handler, method) is not getattr(RequestHandler, method)


def samples(pattern: str) -> list[str]:
    """Return a path for each alternative that a pattern names; names in it are ``x``."""
    return ["".join(parts) for parts in _spelled(parser.parse(pattern))]


def _spelled(tree: Any) -> Iterator[tuple[str, ...]]:
    return product(*(list(_choices(kind, value)) for kind, value in tree))


def _choices(kind: Any, value: Any) -> Iterator[str]:
    if kind is kinds.LITERAL:
        yield chr(value)
    elif kind is kinds.BRANCH:
        for branch in value[1]:
            yield from map("".join, _spelled(branch))
    elif kind is kinds.SUBPATTERN:
        yield from map("".join, _spelled(value[3]))
    elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
        # What may be left out is: "/user/x" stands for "/user/x/anything".
        least, _, tree = value
        yield from ("".join(one) * least for one in _spelled(tree)) if least else [""]
    elif kind is kinds.IN:
        yield next(sign for sign in "x0aA-" if _in(sign, value))
    elif kind in (kinds.ANY, kinds.NOT_LITERAL):
        yield "x"
    else:
        assert kind is kinds.AT, f"{kind} in a route's pattern"
        yield ""


def _in(sign: str, members: Any) -> bool:
    """Return whether a character is of a class such as ``[^/]`` or ``[0-9a-f]``."""
    negated = members[0][0] is kinds.NEGATE
    inside = False
    for kind, value in members:
        if kind is kinds.LITERAL:
            inside |= ord(sign) == value
        elif kind is kinds.RANGE:
            inside |= value[0] <= ord(sign) <= value[1]
        elif kind is kinds.CATEGORY:
            digits = value is kinds.CATEGORY_DIGIT
            inside |= sign.isdigit() if digits else sign.isalnum()
    return inside != negated
