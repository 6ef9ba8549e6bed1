"""The page on which administrators decide on accounts, at ``/hub/accounts``."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from jupyterhub.scopes import needs_scope
from tornado import web

from labyard.auth import actions, hub_users, listing
from labyard.auth.answers import Page, own_address
from labyard.core.errors import LabyardError


class AccountsHandler(Page):
    """Administrators decide on accounts."""

    @web.authenticated
    @needs_scope("admin:users")
    async def get(self) -> None:
        """Show all accounts, requests first."""
        await self._list()

    @web.authenticated
    @needs_scope("admin:users")
    async def post(self) -> None:
        """Do one thing to one account."""
        name, action = self.field("name", strip=True), self.field("action")
        try:
            await self._do(action, name)
        except LabyardError as error:
            await self._list(error)

    async def _do(self, action: str, name: str) -> None:
        code = ""
        match action:
            case "add":
                account, code = await actions.add(
                    self, name, admin=self.get_body_argument("admin", "") == "yes"
                )
                name = account.name
            case "approve":
                await actions.approve(self, name)
            case "deny":
                await actions.deny(self, name)
            case "withdraw":
                await actions.withdraw(self, name)
            case "restore":
                await actions.restore(self, name)
            case "code":
                _, code = await actions.new_code(self, name)
            case "admin" | "no-admin":
                await actions.set_admin(self, name, action == "admin")
            case "remove":
                await actions.remove(self, name)
            case _:
                raise web.HTTPError(400, "There is no such action.")
        if code:
            await self._list(code=code, code_for=name, invitation=self._invitation(name))
        else:
            query = f"?{self.request.query}" if self.request.query else ""
            self.redirect(f"{self.hub.base_url}accounts{query}", status=303)

    def _invitation(self, name: str) -> str:
        """Return the whole address to hand out."""
        return f"{own_address(self)}invitation?name={quote(name)}"

    async def _list(self, error: LabyardError | None = None, **values: Any) -> None:
        people, pending = await asyncio.to_thread(self._look)
        await self.show(
            "accounts.html",
            error,
            pending=pending,
            people=people,
            search=self._search,
            display_names=hub_users.display_names(self.db, [a.name for a in people.accounts]),
            **values,
        )

    def _look(self) -> tuple[listing.Listing, listing.Listing]:
        store, number = self.authenticator.accounts.store, self.get_query_argument("page", "1")
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
        return listing.decided(store, self._search, wanted), listing.waiting(store)

    @property
    def _search(self) -> str:
        return str(self.get_query_argument("search", ""))[:64]
