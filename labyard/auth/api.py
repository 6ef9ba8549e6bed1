"""REST for accounts, below ``/hub/api/labyard/accounts``. The command line calls it.

Who calls needs the scope ``admin:users`` over everybody.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyterhub.scopes import needs_scope

from labyard.auth import actions
from labyard.auth.accounts import Account
from labyard.auth.answers import Rest


class AccountList(Rest):
    """All accounts."""

    @needs_scope("admin:users")
    async def get(self) -> None:
        """Answer ``{"accounts": [...]}``: requests first, then by name."""
        found = await asyncio.to_thread(self.authenticator.accounts.all)
        self.finish(json.dumps({"accounts": [account.as_json() for account in found]}))

    @needs_scope("admin:users")
    async def post(self) -> None:
        """Add one, ``{"name": ..., "admin": false}``; answer 201 with the account and its code."""
        sent = self.body(name=str, admin=bool)
        account, code = await actions.add(
            self, sent.get("name", ""), admin=sent.get("admin", False)
        )
        self.set_status(201)
        _answer(self, account, code=code)


class AccountOne(Rest):
    """One account."""

    @needs_scope("admin:users")
    async def get(self, name: str) -> None:
        """Answer the account."""
        _answer(self, await asyncio.to_thread(self.authenticator.accounts.get, name))

    @needs_scope("admin:users")
    async def delete(self, name: str) -> None:
        """Remove the account and the hub's user; answer 204."""
        await actions.remove(self, name)
        self.set_status(204)


class AccountAction(Rest):
    """What can be done to one account: always by POST."""

    @needs_scope("admin:users")
    async def post(self, name: str, action: str) -> None:
        """Do it and answer the account; ``password`` answers a one-time code too.

        ``admin`` takes ``{"admin": false}`` to take the rights away.
        """
        sent = self.body(**({"admin": bool} if action == "admin" else {}))
        match action:
            case "approve":
                _answer(self, await actions.approve(self, name))
            case "deny":
                await actions.deny(self, name)
                self.set_status(204)
            case "withdraw":
                _answer(self, await actions.withdraw(self, name))
            case "restore":
                _answer(self, await actions.restore(self, name))
            case "password":
                account, code = await actions.new_code(self, name)
                _answer(self, account, code=code)
            case _:
                _answer(self, await actions.set_admin(self, name, sent.get("admin", True)))


def _answer(handler: Rest, account: Account, **more: Any) -> None:
    handler.finish(json.dumps({**account.as_json(), **more}))


_ROOT = "/api/labyard/accounts"
handlers: list[tuple[str, type]] = [
    (_ROOT, AccountList),
    (rf"{_ROOT}/([^/]+)", AccountOne),
    (rf"{_ROOT}/([^/]+)/(approve|deny|withdraw|restore|password|admin)", AccountAction),
]
