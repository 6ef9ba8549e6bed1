"""REST for looking at groups, below ``/hub/api/labyard/groups``: how many are in, who, and their policies.

Making and deleting groups, and putting people in and out, is JupyterHub's own ``/hub/api/groups``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from jupyterhub import orm
from jupyterhub.scopes import Scope, needs_scope
from sqlalchemy import Select, func, select

from labyard.auth.answers import Rest
from labyard.auth.policies import POLICY, as_json
from labyard.core.errors import NotFound
from labyard.core.rest import operation
from labyard.core.tables import identities, memberships
from labyard.policies.book import PRIVILEGED, Book, Entry

_PAGE, _MOST = 50, 1000
_NAME, _MEMBERS = orm.Group.name, orm.user_group_map.c


_PAGED = {"total": int, "offset": int, "limit": int}
_QUERY = {"search": str, "offset": int, "limit": int}
_GROUP = {
    "name": str,
    "exists": bool,
    "members": int,
    "given": int,
    "built_in": bool,
    "policy?": POLICY,
}


class _Groups(Rest):
    def initialize(self, book: Book) -> None:
        """Take the policies."""
        self.book = book

    def model(
        self, name: str, members: int | None, given: int, entry: Entry | None
    ) -> Mapping[str, Any]:
        """Return one group: ``members`` is None for one that the hub does not have.

        ``given`` is how many of them a way to sign in put there.
        """
        return {
            "name": name,
            "exists": members is not None,
            "members": members or 0,
            "given": given,
            "built_in": name == PRIVILEGED,
            "policy": None if entry is None else as_json(entry),
        }


class GroupList(_Groups):
    """All groups that the caller may see."""

    @needs_scope("list:groups", post_filter=True)
    @operation("list:groups", query=_QUERY, answer={"*": _PAGED, "groups": [_GROUP]})
    async def get(self) -> None:
        """Answer ``{"groups": [...], "total", "offset", "limit"}``, by name; ``?search=`` is a part of it.

        Groups that only have a policy are among them, for who may see all.
        """
        scope = self.parsed_scopes["list:groups"]
        seen = None if scope == Scope.ALL else set(scope.get("group", ()))
        entries = {e.policy.name: e for e in await asyncio.to_thread(self.book.all)}
        counts, given = self._counts(), self._given()
        names = set(counts) | set(entries)
        search = self.get_query_argument("search", "").lower()
        found = sorted(
            n
            for n in names
            if search in n.lower() and (seen is None or (n in seen and n in counts))
        )
        offset, limit = self.number("offset", 0), min(self.number("limit", _PAGE), _MOST)
        page = [
            self.model(n, counts.get(n), given.get(n, 0), entries.get(n))
            for n in found[offset : offset + limit]
        ]
        told = {"groups": page, "total": len(found), "offset": offset, "limit": limit}
        self.finish(json.dumps(told))

    def _counts(self) -> Mapping[str, int]:
        members = select(_NAME, func.count(_MEMBERS.user_id)).outerjoin(
            orm.user_group_map, _MEMBERS.group_id == orm.Group.id
        )
        return dict(self.db.execute(members.group_by(_NAME)).tuples().all())

    def _given(self) -> Mapping[str, int]:
        people = select(memberships.c.group, func.count(identities.c.account.distinct())).join(
            identities, identities.c.id == memberships.c.identity
        )
        return dict(self.db.execute(people.group_by(memberships.c.group)).tuples().all())


class GroupOne(_Groups):
    """One group."""

    @needs_scope("read:groups")
    @operation(
        "read:groups",
        query=_QUERY,
        answer={"*": _GROUP, **_PAGED, "users": list[str], "users_given": list[str]},
    )
    async def get(self, group_name: str) -> None:
        """Answer the group, with ``users``: a page of its members by name, and ``total`` of those found.

        ``users_given`` are those among them whom a way to sign in put there. ``?search=`` is a part
        of a member's name.
        """
        entry = (await asyncio.to_thread(self.book.entries, [group_name])).get(group_name)
        group = orm.Group.find(self.db, name=group_name)
        if group is None and entry is None:
            raise NotFound(
                f"There is no group named {group_name}.", remedy="See the list of groups."
            )
        offset, limit = self.number("offset", 0), min(self.number("limit", _PAGE), _MOST)
        search = self.get_query_argument("search", "").lower()
        members = select(orm.User.name).join(orm.User.groups).where(orm.Group.name == group_name)
        found = members.where(orm.User.name.contains(search, autoescape=True))
        page = found.order_by(orm.User.name).offset(offset).limit(limit)
        users, given = list(self.db.scalars(page)), set(self.db.scalars(_given(group_name)))
        count = self._count(members) if group else None
        told = {
            **self.model(group_name, count, len(given), entry),
            "users": users,
            "users_given": [name for name in users if name in given],
            "total": self._count(found),
            "offset": offset,
            "limit": limit,
        }
        self.finish(json.dumps(told))

    def _count(self, query: Select[Any]) -> int:
        return self.db.scalar(select(func.count()).select_from(query.subquery())) or 0


def _given(group: str) -> Select[Any]:
    """Return whom a way to sign in put in a group."""
    joined = select(identities.c.account).join(
        memberships, memberships.c.identity == identities.c.id
    )
    return joined.where(memberships.c.group == group).distinct()


def handlers(book: Book) -> list[tuple[Any, ...]]:
    """Return the patterns below the hub's prefix, with what answers them."""
    root, given = "/api/labyard/groups", {"book": book}
    return [(root, GroupList, given), (rf"{root}/([^/]+)", GroupOne, given)]
