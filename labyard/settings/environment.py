"""Environment variables as a layer of settings.

Every setting has a regular name, ``LABYARD_<PATH>`` with ``__`` for each dot, and the names that
migrating sites bring. Text is taken as it is; anything else is YAML. An empty variable is not set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from labyard.settings.compat import TRANSLATIONS
from labyard.settings.declared import PREFIX, Option, by_variable
from labyard.settings.document import parse
from labyard.settings.layers import Layer, Loc, dotted
from labyard.settings.problems import quoted, refused, unknown_variable

CONFIG = "LABYARD_CONFIG"
HUB_PID = "LABYARD_HUB_PID"  # which process started the service
# Labyard's own names that are no settings.
_OTHERS = frozenset({CONFIG, HUB_PID, "LABYARD_SECRETS"})
_TESTS = ("LABYARD_TEST_", "LABYARD_BENCH_")


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One value that one variable sets."""

    name: str
    value: Any
    option: Option


def read(environ: Mapping[str, str]) -> Layer:
    """Return what ``environ`` sets."""
    leaves: dict[Loc, list[_Leaf]] = defaultdict(list)
    problems = []
    for name, text in relevant(environ).items():
        option = by_variable().get(name)
        if option is None:
            problems.append(unknown_variable(name, by_variable()))
            continue
        value, wrong = _value(name, text, option)
        problems.extend(wrong)
        if not wrong:
            for loc, leaf in _leaves(option, value):
                leaves[loc].append(_Leaf(name, leaf, option))
    problems.extend(_conflicts(leaves))
    values: dict[str, Any] = {}
    for loc, (first, *_) in leaves.items():
        _put(values, loc, first.value)
    origins = {loc: first.name for loc, (first, *_) in leaves.items()}
    return Layer(values, origins, tuple(problems))


def relevant(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that set something: what a child process needs to see the same settings.

    Names that look like a setting's and are none are among them.
    """
    return {
        name: value
        for name, value in sorted(environ.items())
        if value
        and (name in by_variable() or name.startswith(PREFIX))
        and name not in _OTHERS
        and not name.startswith(_TESTS)
    }


def _value(name: str, text: str, option: Option) -> tuple[Any, list[str]]:
    """Return what a variable says in the setting's own words, and what is wrong with it."""
    if translate := TRANSLATIONS.get(name):
        try:
            return translate(text), []
        except ValueError as error:
            return None, [refused(name, option.path, text, str(error), option)]
    if option.textual:
        return text, []
    parsed = parse(text, name)
    if option.is_mapping and not parsed.problems and not isinstance(parsed.value, dict):
        return None, [refused(name, option.path, parsed.value, f"must be {option.allowed}", option)]
    return parsed.value, parsed.problems


def _leaves(option: Option, value: Any) -> Iterator[tuple[Loc, Any]]:
    """Yield what is set one by one: a variable may set a single key of a mapping."""
    loc: Loc = tuple(option.path.split("."))
    if option.is_mapping:
        for key, inner in value.items():
            yield (*loc, key), inner
    else:
        yield loc, value


def _conflicts(leaves: Mapping[Loc, list[_Leaf]]) -> Iterator[str]:
    for loc, setters in leaves.items():
        first = setters[0]
        for other in setters[1:]:
            if not _same(first, other):
                values = f": {quoted(first.value)} and {quoted(other.value)}"
                yield (
                    f"{first.name} and {other.name}: {dotted(loc)}: they set it to two values"
                    f"{'' if first.option.secret else values}; keep one of them."
                )


def _same(one: _Leaf, other: _Leaf) -> bool:
    """Return whether two values mean the same: ``/hub`` and ``/hub/`` do."""
    if one.value == other.value:
        return True
    adapter: TypeAdapter[Any] = TypeAdapter(one.option.annotation)
    try:
        return bool(adapter.validate_python(one.value) == adapter.validate_python(other.value))
    except ValidationError:
        return False


def _put(values: dict[str, Any], loc: Loc, value: Any) -> None:
    *above, last = loc
    for key in above:
        values = values.setdefault(str(key), {})
    values[str(last)] = value
