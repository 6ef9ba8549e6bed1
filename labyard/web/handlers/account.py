"""A person's own account: the frame of its pages, and how the person is shown."""

from __future__ import annotations

import asyncio
from typing import Any

from labyard.core.errors import LabyardError
from labyard.display.choices import LONGEST_NAME, Display, Figures, Theme, parse, typed
from labyard.web import rights
from labyard.web.handlers.base import signed_in
from labyard.web.handlers.home import OwnHandler


class AccountHandler(OwnHandler):
    """A page of one's own account."""

    async def tab(self, tab: str, error: LabyardError | None = None, **more: Any) -> None:
        """Show one of the pages, with an error above what was typed if there is one."""
        self.wrong = error
        self.show(
            f"service/account/{tab}.html",
            error.status if error else 200,
            page_title=_TITLES[tab],
            tab=tab,
            error=error,
            said=None if error else self.heard(),
            **more,
        )

    def again(self, tab: str) -> None:
        """Show a page anew, by GET."""
        self.redirect(f"{self.service}account/{tab}", status=303)


_TITLES = {
    "profile": "Profile",
    "allowed": "What I may have",
    "tokens": "API tokens",
    "keys": "SSH keys",
}


class FrontHandler(AccountHandler):
    """The account's own address."""

    @signed_in
    async def get(self) -> None:
        """Lead to the first page."""
        self.again("profile")


class ProfileHandler(AccountHandler):
    """What one is called, and how pages look."""

    @signed_in
    async def get(self) -> None:
        """Show the choices."""
        await self.owner(rights.READ)
        await self._show(self.display or Display())

    @signed_in
    async def post(self) -> None:
        """Keep them."""
        owner = await self.owner(rights.ACT)
        name, theme, figures = (
            self.get_body_argument(field, "", strip=False) for field in ("name", "theme", "figures")
        )
        try:
            chosen = parse(name, theme, figures)
        except LabyardError as error:
            return await self._show(typed(name, theme, figures), error)
        await asyncio.to_thread(self.parts.shelf.keep, owner.id, chosen)
        self.say("done", "Saved.")
        return self.again("profile")

    async def _show(self, chosen: Display, error: LabyardError | None = None) -> None:
        await self.tab(
            "profile",
            error,
            chosen=chosen,
            themes=tuple(Theme),
            figures=tuple(Figures),
            longest=LONGEST_NAME,
        )


ROUTES = (
    (r"account/?", FrontHandler),
    (r"account/profile", ProfileHandler),
)
