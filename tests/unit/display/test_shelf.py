"""Choices about display are kept, by user id."""

from __future__ import annotations

from pathlib import Path

from labyard.core.store import Store, prepare
from labyard.display.choices import Display, Figures, Theme
from labyard.display.shelf import Shelf


def test_the_last_choice_is_the_one_that_is_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/labyard.sqlite"
    prepare(url)
    shelf = Shelf(Store(url))
    assert shelf.of(7) == Display()
    shelf.keep(7, Display("Anna", Theme.DARK))
    first = shelf.of(7)
    shelf.keep(7, Display("Anna M.", Theme.LIGHT, Figures.PLAIN))
    last = shelf.of(7)
    assert (last.name, last.theme, last.figures) == ("Anna M.", Theme.LIGHT, Figures.PLAIN)
    assert first.changed is not None
    assert last.changed is not None
    assert last.changed > first.changed
    assert shelf.of(8) == Display()
