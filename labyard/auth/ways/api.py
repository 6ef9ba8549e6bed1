"""REST for what accounts can come in by, below ``/hub/api/labyard/accounts/NAME/identities``."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyterhub.scopes import needs_scope

from labyard.auth.answers import Rest
from labyard.auth.ways import linking
from labyard.auth.ways.way import Bound
from labyard.core.errors import Refused
from labyard.core.rest import operation

_KEY = ("way", "issuer", "subject")
_NAMED = {"way": str, "issuer?": str, "subject": str}
_IDENTITY = {**_NAMED, "name": str, "email": str, "told": str | None}


class IdentityList(Rest):
    """The identities of one account."""

    @needs_scope("admin:users")
    @operation("admin:users", answer={"identities": [_IDENTITY]})
    async def get(self, name: str) -> None:
        """Answer ``{"identities": [...]}``."""
        await asyncio.to_thread(self.authenticator.accounts.get, name)
        found = await asyncio.to_thread(self.authenticator.admission.identities.of, name)
        self.finish(json.dumps({"identities": [_shown(bound) for bound in found]}))

    @needs_scope("admin:users")
    @operation("admin:users", body=_NAMED, answer=_IDENTITY, status=201)
    async def post(self, name: str) -> None:
        """Link one, ``{"way": ..., "issuer": ..., "subject": ...}``; answer 201 with it."""
        bound = await linking.link(self, name, **_key(self))
        self.set_status(201)
        self.finish(json.dumps(_shown(bound)))


class IdentityGone(Rest):
    """Takes one away."""

    @needs_scope("admin:users")
    @operation("admin:users", body=_NAMED)
    async def post(self, name: str) -> None:
        """Unlink one, named as for linking; what it gave goes with it. Answer 204."""
        await linking.unlink(self, name, **_key(self))
        self.set_status(204)


def _key(handler: Rest) -> dict[str, str]:
    sent = handler.body(way=str, issuer=str, subject=str)
    key = {part: sent.get(part, "") for part in _KEY}
    if not key["way"] or not key["subject"]:
        raise Refused(
            "An identity has a way, an issuer and a subject.",
            remedy="The refusal that the person saw names all three.",
        )
    return key


def _shown(bound: Bound) -> dict[str, Any]:
    return {
        "way": bound.way,
        "issuer": bound.issuer,
        "subject": bound.subject,
        "name": bound.name,
        "email": bound.email,
        "told": None if bound.told is None else bound.told.isoformat(timespec="seconds") + "Z",
    }


_ROOT = r"/api/labyard/accounts/([^/]+)/identities"
handlers: list[tuple[str, type]] = [(_ROOT, IdentityList), (rf"{_ROOT}/unlink", IdentityGone)]
