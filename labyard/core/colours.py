"""A site's own colours, made fit to read in light and in dark. Pure.

WCAG 2.2 asks for a contrast of 4.5 between text and what is behind it, and of 3 for large text and parts
of controls. A colour that gives less is moved towards black on the light theme, towards white on the
dark one, no further than need be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TEXT, LARGE = 4.5, 3.0

# What pages are made of in Bootstrap's two themes, cards and the ground behind them.
LIGHT_GROUND = ("#ffffff", "#f8f9fa")
DARK_GROUND = ("#212529", "#2b3035")
_ON_LIGHT, _ON_DARK = "#ffffff", "#161616"
_STEPS = 256

_Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Shades:
    """A colour in both themes."""

    light: str
    dark: str


def parse(text: str) -> str:
    """Return a colour as ``#rrggbb`` in lower case.

    Raises
    ------
    ValueError
        When ``text`` is neither ``#rgb`` nor ``#rrggbb``.
    """
    if not re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text):
        raise ValueError("must be a colour such as #0b6bcb, or empty")
    digits = text[1:].lower()
    return "#" + ("".join(2 * d for d in digits) if len(digits) == 3 else digits)


def contrast(one: str, other: str) -> float:
    """Return the contrast between two colours, from 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def buttons(colour: str) -> tuple[Shades, Shades]:
    """Return a button's ground and its text: white on what is dark enough, near black on the dark theme."""
    ground = Shades(
        light=_until(colour, "#000000", (_ON_LIGHT, *LIGHT_GROUND), TEXT),
        dark=_until(colour, "#ffffff", (_ON_DARK, *DARK_GROUND), TEXT),
    )
    return ground, Shades(_ON_LIGHT, _ON_DARK)


def highlight(colour: str) -> Shades:
    """Return a colour for large text and lines."""
    return Shades(
        light=_until(colour, "#000000", LIGHT_GROUND, LARGE),
        dark=_until(colour, "#ffffff", DARK_GROUND, LARGE),
    )


def _until(colour: str, end: str, against: tuple[str, ...], enough: float) -> str:
    """Return ``colour``, moved towards ``end`` until it stands out against all of ``against``."""
    for step in range(_STEPS):
        moved = _mix(colour, end, step / (_STEPS - 1))
        if all(contrast(moved, other) >= enough for other in against):
            return moved
    return end


def _mix(one: str, other: str, share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(_rgb(one), _rgb(other), strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _rgb(colour: str) -> _Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(value / 255) for value in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
