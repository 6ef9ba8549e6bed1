"""Administration's own address."""

from __future__ import annotations

from labyard.web.handlers.admin.base import Administration
from labyard.web.handlers.base import signed_in


class FrontHandler(Administration):
    """Leads to the first page that the caller sees."""

    @signed_in
    async def get(self) -> None:
        """Do it, or say that there is none."""
        seen = self.seen
        if not seen:
            return self.refuse()
        return self.redirect(f"{self.service}admin/{seen[0].key}", status=303)


ROUTES = ((r"admin/?", FrontHandler),)
