"""A person's own account: how they are shown, their API tokens and their SSH keys."""

from __future__ import annotations

import asyncio
from typing import Any

from labyard.core.errors import Forbidden, LabyardError
from labyard.core.models import Owner
from labyard.display.choices import LONGEST_NAME, Display, Figures, Theme, parse, typed
from labyard.ssh import keys
from labyard.ssh.keyring import MOST
from labyard.web import rights
from labyard.web.handlers.base import signed_in
from labyard.web.handlers.home import OwnHandler
from labyard.web.view.keys import view_keys
from labyard.web.view.tokens import LONGEST_NOTE, RIGHTS, Typed, lives, tokens, usual, wish
from labyard.web.view.words import utc_now


class AccountHandler(OwnHandler):
    """A page of one's own account."""

    async def tab(self, tab: str, error: LabyardError | None = None, **more: Any) -> None:
        """Show one of the pages, with an error above what was typed if there is one."""
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


_TITLES = {"profile": "Profile", "tokens": "API tokens", "keys": "SSH keys"}


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


class TokensHandler(AccountHandler):
    """One's own API tokens. The hub makes and revokes them, with the rights of who clicks."""

    @signed_in
    async def get(self) -> None:
        """Show them."""
        await self._show(await self.owner(rights.READ_TOKENS))

    @signed_in
    async def post(self) -> None:
        """Make one, and show it this once."""
        owner = await self.owner(rights.TOKENS)
        typed = Typed(
            note=self.get_body_argument("note", ""),
            rights=self.get_body_arguments("right"),
            life=self.get_body_argument("life", ""),
            meant=self.get_body_argument("meant", "") == "yes",
        )
        try:
            asked = wish(typed, longest=self.parts.settings.auth.longest_token)
            made = await self.parts.actions.hub.make_token(
                self.token, owner.name, note=asked.note, scopes=asked.scopes, life=asked.life
            )
        except LabyardError as error:
            return await self._show(owner, error, typed=typed)
        return await self._show(owner, made=made, made_note=asked.note)

    async def _show(self, owner: Owner, error: LabyardError | None = None, **more: Any) -> None:
        parts = self.parts
        models = await parts.actions.hub.tokens(self.token, owner.name)
        held = await parts.people.lab_tokens(owner)
        offered = lives(parts.settings.auth.longest_token)
        more.setdefault("typed", Typed(life=usual(offered)))
        await self.tab(
            "tokens",
            error,
            tokens=tokens(models, held, owner=owner.name, now=utc_now()),
            rights=RIGHTS,
            lives=offered,
            longest=LONGEST_NOTE,
            **more,
        )


class RevokeHandler(AccountHandler):
    """The buttons of tokens."""

    @signed_in
    async def post(self) -> None:
        """Revoke a token, unless a running lab works with it."""
        owner = await self.owner(rights.TOKENS)
        token_id = self.get_body_argument("token", "")
        try:
            if token_id in await self.parts.people.lab_tokens(owner):
                raise Forbidden(
                    "A running lab works with this token.", remedy="Stop the lab: that ends it."
                )
            await self.parts.actions.hub.revoke_token(self.token, owner.name, token_id)
        except LabyardError as error:
            self.say("bad", error.message, error.remedy)
        else:
            self.say("done", "The token was revoked.")
        self.again("tokens")


class KeysHandler(AccountHandler):
    """One's own SSH keys."""

    @signed_in
    async def get(self) -> None:
        """Show them."""
        await self._show(await self.owner(rights.READ_TOKENS))

    @signed_in
    async def post(self) -> None:
        """Keep another one."""
        owner = await self.owner(rights.TOKENS)
        text, label = self.get_body_argument("key", ""), self.get_body_argument("label", "")
        try:
            key = keys.parse(text, label)
            await asyncio.to_thread(self.parts.keyring.add, owner.id, key)
        except LabyardError as error:
            return await self._show(owner, error, label=label[: keys.LONGEST_LABEL])
        self.say("done", f"The key {key.label} was added.")
        return self.again("keys")

    async def _show(self, owner: Owner, error: LabyardError | None = None, label: str = "") -> None:
        kept = await asyncio.to_thread(self.parts.keyring.of, owner.id)
        await self.tab(
            "keys",
            error,
            keys=view_keys(kept, utc_now()),
            most=MOST,
            label=label,
            longest=keys.LONGEST_LABEL,
        )


class DeleteKeyHandler(AccountHandler):
    """The buttons of keys."""

    @signed_in
    async def post(self) -> None:
        """Forget a key."""
        owner = await self.owner(rights.TOKENS)
        number = self.get_body_argument("key", "")
        try:
            key_id = (
                int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
            )
            gone = await asyncio.to_thread(self.parts.keyring.remove, owner.id, key_id)
        except LabyardError as error:
            self.say("bad", error.message, error.remedy)
        else:
            self.say("done", f"The key {gone.label} was deleted.")
        self.again("keys")


ROUTES = (
    (r"account/?", FrontHandler),
    (r"account/profile", ProfileHandler),
    (r"account/tokens", TokensHandler),
    (r"account/tokens/revoke", RevokeHandler),
    (r"account/keys", KeysHandler),
    (r"account/keys/delete", DeleteKeyHandler),
)
