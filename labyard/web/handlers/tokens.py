"""The page of one's own API tokens."""

from __future__ import annotations

from typing import Any

from labyard.core.errors import Forbidden, LabyardError
from labyard.core.models import Owner
from labyard.web import rights
from labyard.web.handlers.account import AccountHandler
from labyard.web.handlers.base import signed_in
from labyard.web.view.tokens import LONGEST_NOTE, RIGHTS, Typed, lives, tokens, usual, wish
from labyard.web.view.words import utc_now


class TokensFormHandler(AccountHandler):
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


class RevokeFormHandler(AccountHandler):
    """The buttons of tokens."""

    @signed_in
    async def post(self) -> None:
        """Revoke a token, unless a running lab works with it."""
        owner = await self.owner(rights.TOKENS)
        token_id = self.get_body_argument("token", "")
        with self.errors_said():
            if token_id in await self.parts.people.lab_tokens(owner):
                raise Forbidden(
                    "A running lab works with this token.", remedy="Stop the lab: that ends it."
                )
            await self.parts.actions.hub.revoke_token(self.token, owner.name, token_id)
            self.say("done", "The token was revoked.")
        self.again("tokens")


ROUTES = (
    (r"account/tokens", TokensFormHandler),
    (r"account/tokens/revoke", RevokeFormHandler),
)
