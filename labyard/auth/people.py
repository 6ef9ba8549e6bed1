"""Who there is, a page at a time: accounts, and what the hub knows of the users they belong to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jupyterhub import orm
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from labyard.auth.accounts import Account, State, read_account
from labyard.core.store import Store
from labyard.core.tables import accounts as table
from labyard.core.tables import display, identities, memberships

ADMIN = "admin"
STATES = (*State, ADMIN)

_USERS, _SPAWNERS = orm.User.__table__, orm.Spawner.__table__
_GROUPS, _MEMBERS = orm.Group.__table__, orm.user_group_map
_JOINED = table.outerjoin(_USERS, _USERS.c.name == table.c.name)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a caller may see: the users named, and the members of these groups."""

    users: Collection[str] = ()
    groups: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: a part of the name, a whole one, one of ``STATES``, a group; empty for any.

    ``reach`` is None where everybody may be seen. ``offset`` counts people, from 0.
    """

    search: str = ""
    name: str = ""
    state: str = ""
    group: str = ""
    reach: Reach | None = None
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Person:
    """One line of a listing.

    ``given`` are those of the groups that a way to sign in gives; ``running`` is how many servers run
    or are on their way; ``ways`` are those to sign in, besides a password.
    """

    account: Account
    display_name: str
    groups: Sequence[str]
    given: Sequence[str]
    ways: Sequence[str]
    running: int
    last_activity: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Return what an administrator may see of somebody."""
        seen = self.last_activity
        return {
            **self.account.as_json(),
            "display_name": self.display_name,
            "groups": list(self.groups),
            "groups_given": list(self.given),
            "ways": [*(["password"] if self.account.password else []), *self.ways],
            "running": self.running,
            "last_activity": seen.isoformat(timespec="seconds") + "Z" if seen else None,
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """Some of the people who were looked for. ``total`` is over all of them.

    ``counts`` says how many there are of each of ``STATES``, whatever was looked for.
    """

    people: Sequence[Person]
    total: int
    counts: Mapping[str, int]


def listing(store: Store, wanted: Wanted) -> Listing:
    """Return a page of those who are ``wanted``: requests for an account first, then by name."""
    seen = _seen(wanted.reach)
    condition = and_(seen, *_conditions(wanted))
    with store.read() as connection:
        total = connection.scalar(select(func.count()).select_from(_JOINED).where(condition)) or 0
        rows = connection.execute(_page(condition, wanted)).mappings().all()
        ids = [row["user_id"] for row in rows if row["user_id"] is not None]
        groups, running = _groups(connection, ids), _running(connection, ids)
        names = [row["name"] for row in rows]
        ways, given = _ways(connection, names), _given(connection, names)
        counts = _counts(connection, seen)
    found = [
        Person(
            read_account(row),
            row["display_name"] or "",
            groups.get(row["user_id"], ()),
            given.get(row["name"], ()),
            ways.get(row["name"], ()),
            running.get(row["user_id"], 0),
            row["last_activity"],
        )
        for row in rows
    ]
    return Listing(found, total, counts)


def _page(condition: ColumnElement[bool], wanted: Wanted) -> Select[Any]:
    columns = (
        table,
        _USERS.c.id.label("user_id"),
        _USERS.c.last_activity,
        display.c.name.label("display_name"),
    )
    joined = _JOINED.outerjoin(display, display.c.user_id == _USERS.c.id)
    waits = (table.c.state == State.PENDING).desc()
    return (
        select(*columns)
        .select_from(joined)
        .where(condition)
        .order_by(waits, table.c.name)
        .limit(wanted.limit)
        .offset(wanted.offset)
    )


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.search:
        yield table.c.name.contains(wanted.search.lower(), autoescape=True)
    if wanted.name:
        yield table.c.name == wanted.name
    if wanted.state == ADMIN:
        yield table.c.admin
    elif wanted.state:
        yield table.c.state == wanted.state
    if wanted.group:
        yield _in_one_of([wanted.group])


def _seen(reach: Reach | None) -> ColumnElement[bool]:
    if reach is None:
        return table.c.name.is_not(None)
    return or_(table.c.name.in_(reach.users), _in_one_of(reach.groups))


def _in_one_of(groups: Collection[str]) -> ColumnElement[bool]:
    members = select(_MEMBERS.c.user_id).join(_GROUPS, _GROUPS.c.id == _MEMBERS.c.group_id)
    within: ColumnElement[bool] = _USERS.c.id.in_(members.where(_GROUPS.c.name.in_(groups)))
    return within


def _groups(connection: Connection, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    joined = select(_MEMBERS.c.user_id, _GROUPS.c.name).join(
        _GROUPS, _GROUPS.c.id == _MEMBERS.c.group_id
    )
    return _gathered(connection, joined.where(_MEMBERS.c.user_id.in_(ids)))


def _ways(connection: Connection, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    query = select(identities.c.account, identities.c.way)
    return _gathered(connection, query.where(identities.c.account.in_(names)))


def _given(connection: Connection, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    query = select(identities.c.account, memberships.c.group).join(
        memberships, memberships.c.identity == identities.c.id
    )
    return _gathered(connection, query.where(identities.c.account.in_(names)))


def _gathered(connection: Connection, pairs: Select[Any]) -> Mapping[Any, Sequence[str]]:
    found: dict[Any, set[str]] = {}
    for one, many in connection.execute(pairs):
        found.setdefault(one, set()).add(many)
    return {one: sorted(many) for one, many in found.items()}


def _running(connection: Connection, ids: Sequence[int]) -> Mapping[int, int]:
    query = (
        select(_SPAWNERS.c.user_id, func.count())
        .where(_SPAWNERS.c.user_id.in_(ids), _SPAWNERS.c.server_id.is_not(None))
        .group_by(_SPAWNERS.c.user_id)
    )
    return dict(connection.execute(query).tuples().all())


def _counts(connection: Connection, seen: ColumnElement[bool]) -> Mapping[str, int]:
    by_state = (
        select(table.c.state, func.count()).select_from(_JOINED).where(seen).group_by(table.c.state)
    )
    admins = select(func.count()).select_from(_JOINED).where(seen, table.c.admin)
    found: dict[str, int] = dict(connection.execute(by_state).tuples().all())
    return {**{s: found.get(s, 0) for s in State}, ADMIN: connection.scalar(admins) or 0}
