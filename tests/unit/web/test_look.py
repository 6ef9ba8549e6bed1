"""A site's own colours on the pages."""

from __future__ import annotations

from labyard.settings.schema import Settings
from labyard.settings.site import Site
from labyard.web.look import sheet
from labyard.web.page import Frame


def test_no_colours_no_sheet() -> None:
    assert sheet(Site()) == ""
    page, _ = Frame(Settings()).render("404.html", caller=None, xsrf="", status_code=404)
    assert "site.css" not in page


def test_colours_are_variables_in_both_themes() -> None:
    made = sheet(Site(colour="#1A5FB4"))
    light, dark = made.split("[data-bs-theme=dark]")
    assert "--ly-button:#1a5fb4;--ly-on-button:#ffffff;" in light
    assert "--ly-accent:#1a5fb4;" in light
    assert "--ly-button:" in dark
    assert "#1a5fb4" not in dark
    accent = sheet(Site(accent="#2ec27e"))
    assert "--ly-button" not in accent
    settings = Settings.model_validate({"site": {"colour": "#1a5fb4"}, "base_url": "/x"})
    page, _ = Frame(settings).render("404.html", caller=None, xsrf="", status_code=404)
    assert 'href="/x/services/labyard/site.css"' in page
