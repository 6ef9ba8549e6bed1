"""A site's own colours as a style sheet that lies on top of ``labyard.css``. Pure."""

from __future__ import annotations

from labyard.core.colours import Shades, buttons, highlight
from labyard.settings.site import Site


def sheet(site: Site) -> str:
    """Return the style sheet; empty for a site that chose no colours.

    Its colours are checked when settings are read, so that nothing else gets in.
    """
    variables: dict[str, Shades] = {}
    if site.colour:
        variables["--ly-button"], variables["--ly-on-button"] = buttons(site.colour)
    if accent := site.accent or site.colour:
        shades = highlight(accent)
        variables["--ly-accent"] = shades
        variables["--ly-accent-soft"] = Shades(f"{shades.light}1a", f"{shades.dark}22")
    if not variables:
        return ""
    light = "".join(f"{name}:{shades.light};" for name, shades in variables.items())
    dark = "".join(f"{name}:{shades.dark};" for name, shades in variables.items())
    bar = ".ly-bar{border-top:3px solid var(--ly-accent)}"
    return f":root{{{light}}}[data-bs-theme=dark]{{{dark}}}{bar}"
