"""How a page must look, wherever it comes from: each width, each theme, WCAG 2.2 AA, no complaint.

``looks(seat, path, name)`` (a fixture) opens a page and holds it to all of that; :func:`look` does the
same for the state a page is in now. Pictures go to ``test-artefacts/NAME-WIDTH-THEME.png``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

DESK, PHONE = 1280, 390
HEIGHT = 860
THEMES = ("light", "dark")

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
_AXE = {
    "runOnly": {"type": "tag", "values": _TAGS},
    # WCAG 2.2's own rule is off unless it is named.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    # Style sheets fetched once more would be complained about in the console.
    "preload": False,
}


def look(page: Page, shots: Path, name: str) -> None:
    """Hold the page as it is now to what every page must hold, and take its pictures."""
    found: dict[str, list[str]] = {}
    for width in (DESK, PHONE):
        for theme in THEMES:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            if page.locator("html[data-bs-theme]").count():
                expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            page.screenshot(path=shots / f"{name}-{width}-{theme}.png", full_page=True)
            for what in _wrong(page):
                found.setdefault(what, []).append(f"{width} {theme}")
    page.set_viewport_size({"width": DESK, "height": HEIGHT})
    told = [f"{what} ({', '.join(where)})" for what, where in found.items()]
    assert not told, f"{name}:\n" + "\n".join(told)


def _wrong(page: Page) -> list[str]:
    sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    sticking_out = [f"sticks out sideways by {sideways} px"] if sideways > 0 else []
    return sticking_out + violations(page)


def violations(page: Page) -> list[str]:
    """Return what axe finds: rule, element, and why."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    answer: dict[str, Any] = page.evaluate("options => axe.run(document, options)", _AXE)
    return [
        f"{rule['id']}: {node['html'][:160]} | {_why(node)}"
        for rule in answer["violations"]
        for node in rule["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)
