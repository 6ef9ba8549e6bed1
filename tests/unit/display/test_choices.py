"""What may be a display name, and what may be chosen."""

from __future__ import annotations

import pytest

from labyard.core.errors import Refused
from labyard.display.choices import (
    LONGEST_NAME,
    Display,
    Figures,
    Theme,
    display_name,
    parse,
    typed,
)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Anna  Maria ", "Anna Maria"),
        ("Żółć Ünïcode", "Żółć Ünïcode"),
        ("e\u0301va", "éva"),
        ("李小龍", "李小龍"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("👩\u200d🔬 Ada", "👩\u200d🔬 Ada"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_names_are_shown_as_people_write_them(typed: str, shown: str) -> None:
    assert display_name(typed) == shown


@pytest.mark.parametrize(
    "bad",
    [
        "x" * (LONGEST_NAME + 1),
        "anna\u202egnp.exe",
        "an\u200bna",
        "a\x00b",
        "a\x1bb",
        "...",
        "\u200d",
        "z" + "\u0321" * 9,
    ],
    ids=["long", "turned", "hidden", "null", "escape", "dots", "joiner", "stacked"],
)
def test_names_that_cannot_be_shown_are_refused_with_the_rule(bad: str) -> None:
    with pytest.raises(Refused, match="display name"):
        display_name(bad)


def test_choices_are_those_of_the_page() -> None:
    assert parse("Ada", "dark", "plain") == Display("Ada", Theme.DARK, Figures.PLAIN)
    for theme, figures in (("pink", "plain"), ("dark", "none"), ("", "")):
        with pytest.raises(Refused, match="none of the choices"):
            parse("Ada", theme, figures)


def test_a_refused_form_is_drawn_as_it_was_typed() -> None:
    assert typed("...", "dark", "plain") == Display("...", Theme.DARK, Figures.PLAIN)
    drawn = typed("x" * 9999, "pink", "")
    assert (len(drawn.name), drawn.theme, drawn.figures) == (120, Theme.SYSTEM, Figures.CHARTS)
