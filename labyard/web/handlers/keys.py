"""One's own SSH keys, as a page and by REST.

Who may make tokens for somebody may keep keys: both let programs in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

from labyard.core.errors import LabyardError, Refused
from labyard.core.models import Owner
from labyard.core.rest import operation
from labyard.ssh import keys
from labyard.ssh.keyring import MOST, KeptKey
from labyard.ssh.keys import PublicKey
from labyard.web import rights
from labyard.web.handlers.account import AccountHandler
from labyard.web.handlers.base import JsonHandler, signed_in
from labyard.web.view.keys import view_keys
from labyard.web.view.words import utc_now


def told(key: PublicKey | KeptKey) -> dict[str, str]:
    """Return what the audit tells of a key."""
    return {"fingerprint": key.fingerprint, "label": key.label}


class KeysFormHandler(AccountHandler):
    """One's own SSH keys."""

    key_told: Mapping[str, str] = MappingProxyType({})

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
            self.key_told = told(key)
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


class DeleteKeyFormHandler(AccountHandler):
    """The buttons of keys."""

    key_told: Mapping[str, str] = MappingProxyType({})

    @signed_in
    async def post(self) -> None:
        """Forget a key."""
        owner = await self.owner(rights.TOKENS)
        number = self.get_body_argument("key", "")
        key_id = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        with self.errors_said():
            gone = await asyncio.to_thread(self.parts.keyring.remove, owner.id, key_id)
            self.key_told = told(gone)
            self.say("done", f"The key {gone.label} was deleted.")
        self.again("keys")


_KEY = {
    "id": int,
    "kind": str,
    "key": str,
    "fingerprint": str,
    "label": str,
    "added": str,
    "last_used": str | None,
}


class KeysHandler(JsonHandler):
    """A person's keys."""

    key_told: Mapping[str, str] = MappingProxyType({})

    @operation(rights.READ_TOKENS, answer={"user": str, "keys": [_KEY]})
    async def get(self, user: str) -> None:
        """Answer ``{"keys": [...]}``, the oldest first."""
        owner = await self.allowed(rights.READ_TOKENS, user)
        kept = await asyncio.to_thread(self.parts.keyring.of, owner.id)
        self.reply({"user": user, "keys": [key.as_json() for key in kept]})

    @operation(rights.TOKENS, body={"key": str, "label?": str}, answer=_KEY, status=201)
    async def post(self, user: str) -> None:
        """Keep ``{"key": "ssh-ed25519 …", "label": ""}``; answer 201 and the key."""
        owner = await self.allowed(rights.TOKENS, user)
        sent = self.body()
        text, label = sent.get("key"), sent.get("label", "")
        if not isinstance(text, str) or not isinstance(label, str):
            raise Refused(
                "key and label are not both text.", remedy='Send {"key": "ssh-ed25519 AAAA…"}.'
            )
        key = keys.parse(text, label)
        self.key_told = told(key)
        kept = await asyncio.to_thread(self.parts.keyring.add, owner.id, key)
        self.reply(kept.as_json(), 201)


class KeyHandler(JsonHandler):
    """One key."""

    key_told: Mapping[str, str] = MappingProxyType({})

    @operation(rights.TOKENS)
    async def delete(self, user: str, key_id: str) -> None:
        """Forget it; answer 204."""
        owner = await self.allowed(rights.TOKENS, user)
        gone = await asyncio.to_thread(self.parts.keyring.remove, owner.id, int(key_id))
        self.key_told = told(gone)
        self.set_status(204)
        self.finish()


ROUTES = (
    (r"account/keys", KeysFormHandler),
    (r"account/keys/delete", DeleteKeyFormHandler),
    (r"api/users/([^/]+)/keys", KeysHandler),
    (r"api/users/([^/]+)/keys/([0-9]{1,9})", KeyHandler),
)
