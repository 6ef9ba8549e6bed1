"""How a place presents itself."""

from __future__ import annotations

from labyard.settings.kinds import Colour, Flag, HostPath, Line
from labyard.settings.section import Section, option


class Site(Section):
    """How the place presents itself."""

    name: Line = option("Labyard", "Name shown in the bar and in page titles.", max_length=40)
    logo: HostPath = option(
        "",
        "Image file shown instead of the name; relative to the settings file. Empty shows the name.",
    )
    colour: Colour = option("", "Colour of the buttons that matter most; empty is Labyard's own.")
    accent: Colour = option("", "Colour of lines and marks; empty is that of the buttons.")
    announcement: Line = option(
        "", "One line of text shown on every page; addresses in it become links.", max_length=500
    )
    patterns: Flag = option(
        False,
        "Whether the page of all patterns, services/labyard/patterns, is there: for developers.",
    )
    help: str = option(
        "",
        "Text on the pages of sign-in: whom to ask for an account. Addresses in it become links.",
        max_length=500,
    )
