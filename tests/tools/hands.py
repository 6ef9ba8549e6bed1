"""A person who has a keyboard and nothing else."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_MOST = 80  # presses of Tab that a page may ask for


class Hands:
    """Reaches what a page shows by Tab, and uses it by keys. Never clicks, never sets the focus."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._keys = page.keyboard

    def reach(self, target: Locator) -> None:
        """Press Tab until ``target`` has the focus, and see that the focus is drawn."""
        target.wait_for()
        for _ in range(_MOST):
            if target.evaluate("element => element === document.activeElement"):
                ring = "e => getComputedStyle(e).outlineStyle + getComputedStyle(e).boxShadow"
                assert target.evaluate(ring) != "nonenone", f"{target}: the focus cannot be seen"
                return
            self._keys.press("Tab")
        raise AssertionError(f"{target} is not reached by {_MOST} presses of Tab")

    def press(self, target: Locator, key: str = "Enter") -> None:
        """Reach a button or a link and press it."""
        self.reach(target)
        self._keys.press(key)

    def fill(self, target: Locator, text: str) -> None:
        """Reach a field and type over what is in it."""
        self.reach(target)
        self._keys.press("Control+a")
        self._keys.type(text)

    def choose(self, target: Locator, text: str) -> None:
        """Reach a list and choose the entry called ``text`` by typing its name."""
        self.reach(target)
        self._keys.type(text)
        assert target.evaluate("list => list.selectedOptions[0].text") == text
