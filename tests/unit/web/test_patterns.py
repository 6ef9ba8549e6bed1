"""The pattern page shows every piece there is, and only where somebody asked for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import nodes

from labyard.settings.schema import Settings
from labyard.web.app import make_app
from labyard.web.page import environment, template_paths

TEMPLATES = Path(template_paths()[0])


def tree(name: str) -> nodes.Template:
    return environment().parse((TEMPLATES / name).read_text())


def macros() -> set[str]:
    """Return the macros of files that hold nothing but such: pieces for several pages."""
    found = set()
    for path in TEMPLATES.rglob("*.html"):
        parsed = tree(str(path.relative_to(TEMPLATES)))
        if not list(parsed.find_all(nodes.Extends)):
            found |= {macro.name for macro in parsed.find_all(nodes.Macro)}
    return {name for name in found if not name.startswith("_")}


def test_every_piece_is_on_the_page() -> None:
    called = {
        call.node.name
        for call in tree("service/patterns.html").find_all(nodes.Call)
        if isinstance(call.node, nodes.Name)
    }
    assert macros() - called == set()
    assert {"icon", "state", "action", "meter"} <= macros()


@pytest.mark.parametrize("shown", [False, True])
def test_the_page_is_there_only_where_a_site_says_so(shown: bool) -> None:
    settings = Settings.model_validate({"site": {"patterns": shown}})
    auth = SimpleNamespace(base_url="/services/labyard/")
    parts: Any = SimpleNamespace(settings=settings, auth=auth)
    patterns = [rule.matcher.regex.pattern for rule in make_app(parts, b"x").wildcard_router.rules]
    assert ("/services/labyard/patterns$" in patterns) is shown
