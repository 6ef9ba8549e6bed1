"""The declaration as a list: one :class:`Option` for each setting in ``schema.py``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from labyard.settings.kinds import Written
from labyard.settings.schema import Settings
from labyard.settings.section import Section

PREFIX = "LABYARD_"
ITEM = "[]"

_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    dict: "a mapping",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One setting.

    ``path`` is dotted; ``volumes[].name`` is a field of each item of the list ``volumes``.
    ``allowed`` completes "must be", ``each`` does for an item of a list or mapping; ``choices`` are
    its words where there is a choice of few; ``textual`` is whether text stands for itself.
    ``default`` is as it was declared, ``None`` for the null value; ``required`` ones have none.
    ``variables`` are environment names, the regular one first; items of lists have none.
    """

    path: str
    help: str
    allowed: str
    each: str
    textual: bool
    choices: tuple[str, ...]
    unit: str
    default: Any
    required: bool
    secret: bool
    variables: tuple[str, ...]
    annotation: Any

    @property
    def is_mapping(self) -> bool:
        """Return whether people choose the keys."""
        return isinstance(self.default, dict)


@dataclass(frozen=True, slots=True)
class Group:
    """A section of the document: ``path`` is empty for the whole."""

    path: str
    help: str


@cache
def options() -> tuple[Option, ...]:
    """Return every setting in the order of the declaration."""
    return tuple(_options(Settings, ""))


@cache
def groups() -> tuple[Group, ...]:
    """Return every section in the order of the declaration."""
    return tuple(_groups(Settings, ""))


@cache
def by_path() -> Mapping[str, Option]:
    """Return the settings by path."""
    return {option.path: option for option in options()}


@cache
def by_variable() -> Mapping[str, Option]:
    """Return the settings by environment name; a name sets one setting."""
    return {name: option for option in options() for name in option.variables}


def section_of(annotation: Any) -> type[Section] | None:
    """Return the section that ``annotation`` is, or None."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def _item_section(annotation: Any) -> type[Section] | None:
    return section_of(get_args(annotation)[0]) if get_origin(annotation) is list else None


def _groups(section: type[Section], prefix: str) -> Iterator[Group]:
    for name, field in section.model_fields.items():
        if inner := section_of(field.annotation):
            yield Group(prefix + name, field.description or "")
            yield from _groups(inner, f"{prefix}{name}.")


def _options(section: type[Section], prefix: str) -> Iterator[Option]:
    for name, field in section.model_fields.items():
        path = prefix + name
        if inner := section_of(field.annotation):
            yield from _options(inner, f"{path}.")
            continue
        yield _option(path, field)
        if inner := _item_section(field.annotation):
            yield from _options(inner, f"{path}{ITEM}.")


def _option(path: str, field: FieldInfo) -> Option:
    extra = field.json_schema_extra
    assert isinstance(extra, dict), f"{path} is not declared with option()"  # noqa: S101
    migrating = tuple(str(name) for name in extra["env"] or ())  # type: ignore[union-attr]
    regular = PREFIX + path.upper().replace(".", "__")
    kind = _Kind.of(field.annotation, tuple(field.metadata))
    default = field.get_default(call_default_factory=True, validated_data={})
    return Option(
        path=path,
        help=field.description or "",
        allowed=kind.allowed,
        each=kind.each,
        textual=kind.base not in (bool, int, float, list, dict),
        choices=kind.choices,
        unit=kind.unit,
        default=None if default is PydanticUndefined else default,
        required=field.is_required(),
        secret=bool(extra["secret"]),
        variables=() if ITEM in path else (regular, *migrating),
        annotation=Annotated[field.annotation, *field.metadata, None],
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an annotation says about the values it admits."""

    base: Any
    words: str
    unit: str
    bounds: str
    choices: tuple[str, ...] = ()
    each: str = ""
    nullable: bool = False

    @property
    def allowed(self) -> str:
        words = f"one of {', '.join(self.choices)}" if self.choices else self.words
        return words + self.bounds + (", or null" if self.nullable else "")

    @classmethod
    def of(cls, annotation: Any, metadata: tuple[Any, ...]) -> _Kind:
        """Look through ``X | None`` and ``Annotated``."""
        if get_origin(annotation) is Annotated:
            annotation, *inner = get_args(annotation)
            return cls.of(annotation, (*inner, *metadata))
        if get_origin(annotation) in (Union, UnionType):
            (one, *others) = (each for each in get_args(annotation) if each is not NoneType)
            if not others:
                return replace(cls.of(one, metadata), nullable=True)
        written = next((each for each in metadata if isinstance(each, Written)), None)
        arguments = get_args(annotation) if get_origin(annotation) in (list, dict) else ()
        return cls(
            base=get_origin(annotation) or annotation,
            words=written.words if written else _words(annotation),
            unit=written.unit if written else "",
            bounds=_bounds(metadata, written),
            choices=_choices(annotation),
            each=cls.of(arguments[-1], ()).allowed if arguments else "",
        )


def _words(annotation: Any) -> str:
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        return f"a list, each item {_Kind.of(item, ()).allowed}"
    if section_of(annotation):
        return "a mapping of settings"
    return _WORDS.get(get_origin(annotation) or annotation, "text")


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(member.value) for member in annotation)
    return ()


def _bounds(metadata: tuple[Any, ...], written: Written | None) -> str:
    """Return the bounds in words, with a space before; a kind's own words tell of its numbers."""
    low = high = longest = ""
    for each in _flat(metadata):
        match each:
            case Ge(ge=bound):
                low = f" from {bound}"
            case Le(le=bound):
                high = f" to {bound}"
            case MaxLen(max_length=bound):
                longest = f" of at most {bound} characters"
    return longest if written else low + high + longest


def _flat(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from each.metadata
        else:
            yield each
