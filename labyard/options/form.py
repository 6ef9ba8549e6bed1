"""The form of a server's options, for the hub's page and the service's. Pure: from limits to HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from labyard.options import words
from labyard.options.declaration import FIELDS, LABELS, Options, help_for, shown
from labyard.options.limits import Limits
from labyard.options.link import typed
from labyard.options.profiles import fixed, outcome
from labyard.settings.profiles import Profile

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it is drawn. ``usual`` is what leaving it empty gives, as one would type it."""

    name: str
    label: str
    help: str
    control: str
    columns: int
    value: str
    usual: str
    example: str
    wrong: str
    first_wrong: bool
    suggestions: tuple[str, ...] = ()

    @property
    def describes(self) -> str:
        """Return the ids of what describes the field."""
        return f"{self.name}-wrong {self.name}-help" if self.wrong else f"{self.name}-help"


@dataclass(frozen=True, slots=True)
class Card:
    """One profile as it is drawn. ``gives`` is read by the page's script."""

    name: str
    title: str
    description: str
    size: str
    picked: bool
    gives: str


@dataclass(frozen=True, slots=True)
class ServerName:
    """The field of a new server's name: what was typed, the rule, and what is wrong with it."""

    value: str
    rule: str
    wrong: str = ""

    @property
    def describes(self) -> str:
        """Return the ids of what describes the field."""
        return "server-name-wrong server-name-help" if self.wrong else "server-name-help"


def form(
    limits: Limits,
    chosen: Mapping[str, Any],
    wrong: Mapping[str, str] | None = None,
    name: ServerName | None = None,
) -> str:
    """Return the form's fields as HTML.

    ``chosen`` are earlier, suggested or refused choices as they were typed or kept, not trusted;
    ``wrong`` says by field what is wrong with them. ``name`` is there where a name is asked for.
    """
    values, wrong = _as_typed(chosen), wrong or {}
    picked = limits.profile(values.get("profile")) or limits.profile(None)
    drawn = _drawn(limits)
    fields = [_field(name, limits, picked, values, wrong) for name in drawn]
    elsewhere = [f"{key}: {why}" for key, why in wrong.items() if key not in ("profile", *drawn)]
    return (
        _environment()
        .get_template("options_form.html")
        .render(
            cards=[_card(each, limits, each is picked) for each in limits.profiles],
            fields=fields,
            wrong_profile=wrong.get("profile", ""),
            elsewhere=elsewhere,
            server=name,
        )
    )


def _drawn(limits: Limits) -> tuple[str, ...]:
    """Return the fields to draw, but for the profile; one image is no choice."""
    one = len(limits.images) == 1 and not limits.custom_images
    return tuple(f for f in limits.offered if f != "profile" and not (f == "image" and one))


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)


def _as_typed(chosen: Mapping[str, Any]) -> dict[str, str]:
    return typed({k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in chosen.items()})


def _field(
    name: str,
    limits: Limits,
    profile: Profile | None,
    values: Mapping[str, str],
    wrong: Mapping[str, str],
) -> Field:
    drawn = shown(name)
    given = typed(dict(outcome(Options(profile=profile.name if profile else None), limits)))
    return Field(
        name=name,
        label=LABELS[name],
        help=_help(name, limits.under(profile)),
        control=_control(drawn.control, limits),
        columns=drawn.columns,
        value=values.get(name, ""),
        usual=given.get(name, ""),
        example=drawn.example,
        wrong=wrong.get(name, ""),
        first_wrong=name == next((each for each in FIELDS if each in wrong), ""),
        suggestions=limits.images if name == "image" else (),
    )


def _help(name: str, limits: Limits) -> str:
    return " ".join(filter(None, [words.up_to(name, limits), help_for(name)]))


def _control(control: str, limits: Limits) -> str:
    if control != "image":
        return control
    return "text" if limits.custom_images else "select"


def _card(profile: Profile, limits: Limits, picked: bool) -> Card:
    given = outcome(Options(profile=profile.name), limits)
    gives = {
        "values": typed(dict(given)),
        "fixed": [name for name in FIELDS if fixed(profile, name)],
        "help": {name: _help(name, limits.under(profile)) for name in limits.offered},
    }
    return Card(
        name=profile.name,
        title=profile.title,
        description=profile.description,
        size=words.size(given),
        picked=picked,
        gives=json.dumps(gives),
    )
