"""What is wrong with settings, in sentences. One line each: where, which setting, what, what then.

A value of a secret setting, of an unknown one or of a whole group is never repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from labyard.settings.declared import Option, by_path, groups, options
from labyard.settings.document import describe
from labyard.settings.layers import Layer, Loc, dotted
from labyard.settings.section import Disagreement

_LONGEST = 60


def refused(place: str, path: str, value: object, must: str, option: Option | None = None) -> str:
    """Say that a value is not allowed; ``must`` is "must be …"."""
    shown = "this value" if option and option.secret else quoted(value)
    return f"{place}: {path}: {shown} is not allowed; it {must}.{_hint(value, option)}"


def unknown_variable(name: str, known: Iterable[str]) -> str:
    """Say that an environment name sets nothing."""
    near = get_close_matches(name, list(known), n=1)
    hint = f"did you mean {near[0]}?" if near else "docs/reference/settings.md lists all of them."
    return f"{name}: there is no such setting; {hint}"


def explain(error: ValidationError, layer: Layer) -> Iterator[tuple[Loc, str]]:
    """Return each problem that validation found in ``layer``, with the place in the tree."""
    for details in error.errors(include_url=False):
        loc = details["loc"]
        if loc[-1:] == ("[key]",) and details["type"] != "extra_forbidden":
            loc = loc[:-1]
        cause = details.get("ctx", {}).get("error")
        if isinstance(cause, Disagreement):
            for paths, sentence in cause.clashes:
                yield loc, f"{_place_of(paths, layer)}: {sentence}."
        else:
            yield loc, _sentence(details, loc, layer.origin(loc))


def quoted(value: object) -> str:
    """Return a value as it is repeated to people: on one line, cut when long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _sentence(details: ErrorDetails, loc: Loc, place: str) -> str:
    path, value = dotted(loc), details["input"]
    option = _option(loc)
    match details["type"]:
        case "extra_forbidden":
            return f"{place}: {path}: there is no such setting; {_nearest(loc)}"
        case "missing" if option:
            return f"{place}: {path}: is missing; it must be {option.allowed}."
        case "value_error":
            return refused(place, path, value, str(details["ctx"]["error"]), option)
    if option is None:
        return f"{place}: {path}: must be a mapping of settings; it is {describe(value)}."
    allowed = option.allowed if _declared(loc) == option.path else option.each
    quotes = ", in quotes" if details["type"] == "string_type" and _is_plain(value) else ""
    return refused(place, path, value, f"must be {allowed}{quotes}", option)


def _is_plain(value: object) -> bool:
    return isinstance(value, (bool, int, float))


def _declared(loc: Loc) -> str:
    """Return the path of ``loc`` in the declaration, ``[]`` for each index."""
    return re.sub(r"\[\d+\]", "[]", dotted(loc))


def _option(loc: Loc) -> Option | None:
    """Return the setting at ``loc`` or the nearest one around it; None for a group."""
    while loc:
        if option := by_path().get(_declared(loc)):
            return option
        loc = loc[:-1]
    return None


def _place_of(paths: tuple[str, ...], layer: Layer) -> str:
    """Return where the first of ``paths`` that a site has set comes from."""
    places = {dotted(loc): place for loc, place in layer.origins.items()}
    return next((places[path] for path in paths if path in places), "defaults")


def _hint(value: object, option: Option | None) -> str:
    if option and option.choices and isinstance(value, str):
        by_word = {choice.lower(): choice for choice in option.choices}
        if near := get_close_matches(value.lower(), by_word, n=1):
            return f" Did you mean {by_word[near[0]]}?"
    return ""


def _nearest(loc: Loc) -> str:
    """Return which setting somebody meant, or which there are beside it."""
    *above, key = loc
    if dotted(loc) in by_path():
        return f"write {dotted(loc).replace('.', ': {')}: …{'}' * dotted(loc).count('.')} instead."
    around = _declared(tuple(above))
    known = [*(option.path for option in options()), *(group.path for group in groups())]
    beside = {path.rpartition(".")[2]: path for path in known if _parent(path) == around}
    if near := get_close_matches(str(key).lower(), beside, n=1):
        return f"did you mean {dotted((*above, near[0]))}?"
    elsewhere = {path.rpartition(".")[2]: path for path in reversed(known) if "[]" not in path}
    if near := get_close_matches(str(key).lower(), elsewhere, n=1, cutoff=0.8):
        return f"did you mean {elsewhere[near[0]]}?"
    return f"here are {', '.join(sorted(beside))}."


def _parent(path: str) -> str:
    return path.rpartition(".")[0]
