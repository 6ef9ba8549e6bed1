"""Whatever colours a site chooses can be read, in light and in dark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labyard.core.colours import (
    DARK_GROUND,
    LARGE,
    LIGHT_GROUND,
    TEXT,
    buttons,
    contrast,
    highlight,
    parse,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#c2410c", "#ffffff") == contrast("#ffffff", "#c2410c")


@given(COLOURS)
def test_every_button_can_be_read_and_stands_out(colour: str) -> None:
    ground, text = buttons(colour)
    for on, under, around in (
        (text.light, ground.light, LIGHT_GROUND),
        (text.dark, ground.dark, DARK_GROUND),
    ):
        assert contrast(on, under) >= TEXT
        assert all(contrast(under, behind) >= LARGE for behind in around)


@given(COLOURS)
def test_every_highlight_stands_out(colour: str) -> None:
    shades = highlight(colour)
    assert all(contrast(shades.light, behind) >= LARGE for behind in LIGHT_GROUND)
    assert all(contrast(shades.dark, behind) >= LARGE for behind in DARK_GROUND)


def test_what_can_be_read_stays_as_it_is() -> None:
    ground, _ = buttons("#1a5fb4")
    assert ground.light == "#1a5fb4"
    assert highlight("#e8621a").light == "#e8621a"


def test_colours_are_written_in_two_ways() -> None:
    assert parse("#0BC") == "#00bbcc"
    assert parse("#0B6bcb") == "#0b6bcb"
    for bad in ("red", "#12", "#12345", "#12345g", "0b6bcb", "#fff;}", "", "rgb(1,2,3)"):
        with pytest.raises(ValueError, match="must be a colour such as"):
            parse(bad)
