"""A group's policy as a form: each field follows from how its grant is declared. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import ValidationError

from labyard.core.units import write_bytes, write_seconds
from labyard.settings.declared import Option, by_path, section_of
from labyard.settings.groups import GroupPolicy
from labyard.settings.layers import Layer
from labyard.settings.problems import explain
from labyard.settings.profiles import Profile
from labyard.settings.schema import Settings

_WRITTEN = {"bytes": write_bytes, "seconds": write_seconds}
_HERE = "here"


class Control(StrEnum):
    """What a field is filled in with."""

    TEXT = "text"
    CHOICE = "choice"
    LINES = "lines"  # one item a line
    PAIRS = "pairs"  # one NAME=VALUE a line
    YAML = "yaml"  # as the settings file has it


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it is drawn; ``value`` is as it was typed, empty for what everybody has."""

    name: str
    help: str
    allowed: str
    control: Control
    choices: Sequence[str]
    value: str = ""
    wrong: str = ""

    @property
    def label(self) -> str:
        """Return the grant's name for people."""
        return label(self.name)

    @property
    def rows(self) -> int:
        """Return how many lines the field shows."""
        return min(10, max(3, self.value.count("\n") + 2))

    @property
    def describes(self) -> str:
        """Return the ids of what describes the field."""
        return f"{self.name}-wrong {self.name}-help" if self.wrong else f"{self.name}-help"


_LABELS = {"cpu": "CPU cores", "shm": "Shared memory", "gpus": "GPUs", "days": "Days to live"}


def names() -> Sequence[str]:
    """Return the names of all fields."""
    return tuple(_declared())


def label(grant: str) -> str:
    """Return a grant's name for people."""
    return _LABELS.get(grant, grant.replace("_", " ").capitalize())


def fields(typed: Mapping[str, str], wrong: Mapping[str, str] | None = None) -> Sequence[Field]:
    """Return the fields of all grants, in the order of the declaration."""
    wrong = wrong or {}
    return [
        Field(
            name,
            option.help,
            _allowed(option, _control(name)),
            _control(name),
            _choices(option),
            typed.get(name, ""),
            wrong.get(name, ""),
        )
        for name, option in _declared().items()
    ]


def as_typed(policy: Mapping[str, Any]) -> dict[str, str]:
    """Return what a policy says (as JSON has it) as one would type it; silent grants are left out."""
    return {
        name: _text(policy[name], _control(name), option.unit)
        for name, option in _declared().items()
        if policy.get(name) is not None
    }


def read(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the policy that was typed, as JSON has it and not checked. Empty fields say nothing."""
    return {
        name: _read(typed[name], _control(name))
        for name in _declared()
        if typed.get(name, "").strip()
    }


def wrong(group: str, policy: Mapping[str, Any], profiles: Sequence[Profile]) -> dict[str, str]:
    """Return what is wrong with a policy by field; under an empty name what belongs to none."""
    known = [profile.model_dump(mode="json") for profile in profiles]
    values = {"labs": {"profiles": known}, "groups": [{**policy, "name": group}]}
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        found: dict[str, str] = {}
        for loc, sentence in explain(error, Layer(values, {("groups",): _HERE})):
            field = str(loc[2]) if loc[:1] == ("groups",) and len(loc) > 2 else ""
            found.setdefault(field if field in _declared() else "", _short(sentence))
        return found
    return {}


@cache
def _declared() -> Mapping[str, Option]:
    return {name: by_path()[f"groups[].{name}"] for name in GroupPolicy.model_fields}


@cache
def _control(name: str) -> Control:
    base = _base(GroupPolicy.model_fields[name].annotation)
    if _choices(_declared()[name]):
        return Control.CHOICE
    if get_origin(base) is dict:
        return Control.PAIRS
    if get_origin(base) is list:
        return Control.YAML if section_of(_base(get_args(base)[0])) else Control.LINES
    return Control.YAML if section_of(base) else Control.TEXT


def _base(annotation: Any) -> Any:
    """Look through ``X | None`` and ``Annotated``."""
    if get_origin(annotation) is Annotated:
        return _base(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _base(next(each for each in get_args(annotation) if each is not type(None)))
    return annotation


def _choices(option: Option) -> Sequence[str]:
    if option.choices:
        return option.choices
    name = option.path.rpartition(".")[2]
    return ("true", "false") if _base(GroupPolicy.model_fields[name].annotation) is bool else ()


def _allowed(option: Option, control: Control) -> str:
    if control is Control.CHOICE:
        return ""
    one = option.each if control is Control.LINES else option.allowed.removesuffix(", or null")
    return f"one a line, each {one}" if control is Control.LINES else one


def _text(value: Any, control: Control, unit: str) -> str:
    match control:
        case Control.LINES:
            return "\n".join(map(str, value))
        case Control.PAIRS:
            return "\n".join(f"{name}={text}" for name, text in value.items())
        case Control.YAML:
            return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True)).strip()
        case Control.CHOICE:
            return str(value).lower() if isinstance(value, bool) else str(value)
    if write := _WRITTEN.get(unit):
        return write(value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _read(text: str, control: Control) -> Any:
    match control:
        case Control.LINES:
            return [line.strip() for line in text.splitlines() if line.strip()]
        case Control.PAIRS:
            return text
        case Control.YAML:
            try:
                return yaml.safe_load(text)
            except yaml.YAMLError:
                return text
    text = text.strip()
    if control is Control.CHOICE and text in {"true", "false"}:
        return text == "true"
    return int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else text


def _short(sentence: str) -> str:
    """Return a problem without the place: it is told at its field."""
    sentence = sentence.removeprefix(f"{_HERE}: ")
    sentence = sentence.replace(", or null", ", or empty")
    return re.sub(r"^groups\[0\](\.\w+)?(\[\d+\])?(\.\w+)*: ", "", sentence)
