"""REST for SSH keys. Who may make tokens for somebody may keep keys: both let programs in."""

from __future__ import annotations

import asyncio

from labyard.core.errors import Refused
from labyard.ssh.keys import parse
from labyard.web import rights
from labyard.web.handlers.base import JsonHandler


class KeysHandler(JsonHandler):
    """A person's keys."""

    async def get(self, user: str) -> None:
        """Answer ``{"keys": [...]}``, the oldest first."""
        owner = await self.allowed(rights.READ_TOKENS, user)
        kept = await asyncio.to_thread(self.parts.keyring.of, owner.id)
        self.reply({"user": user, "keys": [key.as_json() for key in kept]})

    async def post(self, user: str) -> None:
        """Keep ``{"key": "ssh-ed25519 …", "label": ""}``; answer 201 and the key."""
        owner = await self.allowed(rights.TOKENS, user)
        sent = self.body()
        text, label = sent.get("key"), sent.get("label", "")
        if not isinstance(text, str) or not isinstance(label, str):
            raise Refused(
                "key and label are not both text.", remedy='Send {"key": "ssh-ed25519 AAAA…"}.'
            )
        key = parse(text, label)
        kept = await asyncio.to_thread(self.parts.keyring.add, owner.id, key)
        self.reply(kept.as_json(), 201)


class KeyHandler(JsonHandler):
    """One key."""

    async def delete(self, user: str, key_id: str) -> None:
        """Forget it; answer 204."""
        owner = await self.allowed(rights.TOKENS, user)
        await asyncio.to_thread(self.parts.keyring.remove, owner.id, int(key_id))
        self.set_status(204)
        self.finish()


ROUTES = (
    (r"api/users/([^/]+)/keys", KeysHandler),
    (r"api/users/([^/]+)/keys/([0-9]{1,9})", KeyHandler),
)
