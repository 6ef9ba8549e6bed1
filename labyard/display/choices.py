"""What a person chooses about display, and what may be chosen. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from labyard.core.errors import Refused

T = TypeVar("T", bound=StrEnum)

LONGEST_NAME = 60
# Marks that sit on one letter: scripts that stack them use up to four.
_MOST_MARKS = 4
# Invisible, yet part of how words and emoji are written.
_JOINERS = "\u200c\u200d"


class Theme(StrEnum):
    """Light or dark."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Figures(StrEnum):
    """How live figures are drawn."""

    CHARTS = "charts"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Display:
    """One person's choices, and when they were made (UTC without a zone).

    An empty ``name`` is the username. Browsers take over a theme when ``changed`` is news to them.
    """

    name: str = ""
    theme: Theme = Theme.SYSTEM
    figures: Figures = Figures.CHARTS
    changed: datetime | None = None


def parse(name: str, theme: str, figures: str) -> Display:
    """Return the choices in what a form sent.

    Raises
    ------
    Refused
        Naming the field, and what may be in it.
    """
    try:
        return Display(display_name(name), Theme(theme), Figures(figures))
    except ValueError:
        raise Refused(
            "That is none of the choices for theme and figures.", remedy="Choose one of the page's."
        ) from None


def typed(name: str, theme: str, figures: str) -> Display:
    """Return what a form that was refused said, to be drawn again; it is not checked."""
    return Display(name[: 2 * LONGEST_NAME], _one_of(Theme, theme), _one_of(Figures, figures))


def display_name(text: str) -> str:
    """Return text as a name that can be shown: one line, visible, of bounded size.

    Raises
    ------
    Refused
        When it cannot be one.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > LONGEST_NAME:
        raise _refused(f"A display name has at most {LONGEST_NAME} characters.")
    if any(unicodedata.category(c)[0] == "C" and c not in _JOINERS for c in name):
        raise _refused("A display name has no invisible characters.")
    if name and not any(unicodedata.category(c)[0] in "LNS" for c in name):
        raise _refused("A display name has a letter, a digit or a symbol in it.")
    if _most_marks(name) > _MOST_MARKS:
        raise _refused(f"A letter of a display name carries at most {_MOST_MARKS} marks.")
    return name


def _one_of(kind: type[T], text: str) -> T:
    """Return the choice that ``text`` names, the usual one where it names none."""
    return next((choice for choice in kind if choice.value == text), next(iter(kind)))


def _most_marks(name: str) -> int:
    most = run = 0
    for character in name:
        run = run + 1 if unicodedata.combining(character) else 0
        most = max(most, run)
    return most


def _refused(what: str) -> Refused:
    return Refused(what, remedy="Choose another one, or leave it empty to show the username.")
