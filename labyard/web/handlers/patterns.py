"""The pattern page: every piece that pages are made of, in every state. There where a setting says so."""

from __future__ import annotations

from labyard.web.administration import AdminPage
from labyard.web.handlers.base import PageHandler, signed_in
from labyard.web.page import ICONS
from labyard.web.paging import Asked, Listed
from labyard.web.view.expiry import ExpiryView
from labyard.web.view.why import VerdictView


class PatternsHandler(PageHandler):
    """The page."""

    @signed_in
    async def get(self) -> None:
        """Show it."""
        at, clock = "2026-07-01T12:00:00", "01 July 2026, 12:00 UTC"
        self.show(
            "service/patterns.html",
            page_title=f"Patterns · {self.parts.settings.site.name}",
            here=AdminPage("patterns", "Patterns", "people", "list:users"),
            asked=Asked(number=2),
            listed=Listed(("anna", "bob"), 2, 102),
            verdicts=[
                VerdictView(
                    "cpu", "CPU cores", "4 cores", ["staff"], [("guests", "1 core")], "2 cores"
                ),
                VerdictView("days", "Days to live", "no limit", [], [], "no limit"),
            ],
            icons=sorted(path.stem for path in ICONS.glob("*.svg")),
            expiries={
                "": ExpiryView("6 days left", at, clock, soon=False, extendable=False),
                "soon": ExpiryView("ends in 5 h", at, clock, soon=True, extendable=True),
            },
        )


ROUTES = ((r"patterns", PatternsHandler),)
