"""REST for accounts, below ``/hub/api/labyard/accounts``. The command line and the pages call it.

Who calls needs the scope ``admin:users``: over everybody to add, over the person for the rest.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

from jupyterhub.scopes import Scope, needs_scope
from tornado import web

from labyard.auth import actions, people
from labyard.auth.accounts import Account
from labyard.auth.answers import Rest
from labyard.core.rest import operation

_PAGE, _MOST = 200, 1000

_ACCOUNT = {
    "name": str,
    "state": Literal["pending", "approved", "withdrawn"],
    "admin": bool,
    "password": bool,
    "code_expires": str | None,
    "created": str,
    "decided": str | None,
    "decided_by": str | None,
    "code?": str,
}
_PERSON = {
    "*": _ACCOUNT,
    "display_name": str,
    "groups": list[str],
    "groups_given": list[str],
    "ways": list[str],
    "running": int,
    "last_activity": str | None,
}
_PAGED = {"total": int, "offset": int, "limit": int}


class AccountList(Rest):
    """All accounts."""

    @needs_scope("admin:users", post_filter=True)
    @operation(
        "admin:users",
        query={"search": str, "state": str, "group": str, "offset": int, "limit": int},
        answer={"*": _PAGED, "accounts": [_PERSON], "counts": dict[str, int]},
    )
    async def get(self) -> None:
        """Answer ``{"accounts": [...], "total", "counts", "offset", "limit"}``: requests first, then by name.

        ``?search=`` is a part of a name, ``state`` one of pending, approved, withdrawn and admin.
        """
        wanted = self._wanted()
        found = await asyncio.to_thread(people.listing, self.authenticator.accounts.store, wanted)
        self.finish(
            json.dumps(
                {
                    "accounts": [person.as_json() for person in found.people],
                    "total": found.total,
                    "counts": found.counts,
                    "offset": wanted.offset,
                    "limit": wanted.limit,
                }
            )
        )

    @needs_scope("admin:users")
    @operation("admin:users", body={"name": str, "admin?": bool}, answer=_ACCOUNT, status=201)
    async def post(self) -> None:
        """Add one, ``{"name": ..., "admin": false}``; answer 201 with the account and its code."""
        sent = self.body(name=str, admin=bool)
        account, code = await actions.add(
            self, sent.get("name", ""), admin=sent.get("admin", False)
        )
        self.set_status(201)
        _answer(self, account, code=code)

    def _wanted(self) -> people.Wanted:
        state = self.get_query_argument("state", "")
        if state and state not in people.STATES:
            raise web.HTTPError(400, f"state has to be one of {', '.join(people.STATES)}.")
        scope = self.parsed_scopes["admin:users"]
        return people.Wanted(
            search=self.get_query_argument("search", "")[:64],
            state=state,
            group=self.get_query_argument("group", ""),
            reach=None
            if scope == Scope.ALL
            else people.Reach(scope.get("user", ()), scope.get("group", ())),
            offset=self.number("offset", 0),
            limit=min(self.number("limit", _PAGE), _MOST),
        )


class Invitations(Rest):
    """Many people at once."""

    most_bytes = 128 * 1024

    @needs_scope("admin:users")
    @operation(
        "admin:users",
        body={"names": list[str], "groups?": list[str]},
        answer={"accounts": [_ACCOUNT]},
        status=201,
    )
    async def post(self) -> None:
        """Add everybody in ``{"names": [...], "groups": []}`` or nobody; answer 201 ``{"accounts": [...]}``.

        Each account comes with its one-time code, this once. ``names`` may be the lines of a file:
        empty ones and what follows a ``#`` are passed over. 400 tells what is wrong by ``lines``.
        """
        sent = self.body(names=list, groups=list)
        names, groups = sent.get("names", []), sent.get("groups", [])
        if not all(isinstance(each, str) for each in (*names, *groups)):
            raise web.HTTPError(400, "names and groups have to be lists of text.")
        made = await actions.add_many(self, names, groups)
        self.set_status(201)
        told = [{**account.as_json(), "code": code} for account, code in made]
        self.finish(json.dumps({"accounts": told}))


class AccountOne(Rest):
    """One account."""

    @needs_scope("admin:users")
    @operation("admin:users", answer=_PERSON)
    async def get(self, user_name: str) -> None:
        """Answer the account, as in the list."""
        accounts = self.authenticator.accounts
        await asyncio.to_thread(accounts.get, user_name)
        wanted = people.Wanted(name=user_name)
        (found,) = (await asyncio.to_thread(people.listing, accounts.store, wanted)).people
        self.finish(json.dumps(found.as_json()))

    @needs_scope("admin:users")
    @operation("admin:users")
    async def delete(self, user_name: str) -> None:
        """Remove the account and the hub's user; answer 204."""
        await actions.remove(self, user_name)
        self.set_status(204)


class AccountAction(Rest):
    """What can be done to one account: always by POST."""

    @needs_scope("admin:users")
    @operation("admin:users", body={"admin?": bool, "name?": str}, answer=_ACCOUNT)
    async def post(self, user_name: str, action: str) -> None:
        """Do it and answer the account; ``password`` answers a one-time code too.

        ``admin`` takes ``{"admin": false}`` to take the rights away, ``rename`` ``{"name": "new"}``.
        """
        sent = self.body(**_BODIES.get(action, {}))
        match action:
            case "approve":
                _answer(self, await actions.approve(self, user_name))
            case "deny":
                await actions.deny(self, user_name)
                self.set_status(204)
            case "withdraw":
                _answer(self, await actions.withdraw(self, user_name))
            case "restore":
                _answer(self, await actions.restore(self, user_name))
            case "password":
                account, code = await actions.new_code(self, user_name)
                _answer(self, account, code=code)
            case "rename":
                _answer(self, await actions.rename(self, user_name, sent.get("name", "")))
            case _:
                _answer(self, await actions.set_admin(self, user_name, sent.get("admin", True)))


_BODIES: dict[str, dict[str, type]] = {"admin": {"admin": bool}, "rename": {"name": str}}


def _answer(handler: Rest, account: Account, **more: Any) -> None:
    handler.finish(json.dumps({**account.as_json(), **more}))


_ROOT = "/api/labyard/accounts"
_ACTIONS = "approve|deny|withdraw|restore|password|admin|rename"
handlers: list[tuple[str, type]] = [
    (_ROOT, AccountList),
    ("/api/labyard/invitations", Invitations),
    (rf"{_ROOT}/([^/]+)", AccountOne),
    (rf"{_ROOT}/([^/]+)/({_ACTIONS})", AccountAction),
]
