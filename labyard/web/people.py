"""What the hub's API does not tell, or not to every token: ids, groups, which tokens labs hold."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import DateTime, column, create_engine, func, select, table

from labyard.core.errors import NotFound
from labyard.core.models import Owner
from labyard.core.tables import lab_tokens
from labyard.expiry.idle import Quiet

_USERS = table("users", column("id"), column("name"))
_GROUPS = table("groups", column("id"), column("name"))
_MEMBERS = table("user_group_map", column("user_id"), column("group_id"))
_SPAWNERS = table(
    "spawners",
    column("user_id"),
    column("server_id"),
    column("name"),
    column("started", DateTime),
    column("last_activity", DateTime),
)
_TOKENS = table("api_tokens", column("id"), column("hashed"), column("user_id"))


class People:
    """Reads the hub's own database, never cached: a name can change hands.

    A user's id outlives a rename.
    """

    def __init__(self, database_url: str) -> None:
        self._database = create_engine(database_url, pool_pre_ping=True)

    async def owner(self, name: str) -> Owner:
        """Return the user called ``name``.

        Raises
        ------
        NotFound
            When the hub knows no such user.
        """
        found = await asyncio.to_thread(self._id, name)
        if found is None:
            raise NotFound(f"There is no user called {name!r}.", remedy="See the list of users.")
        return Owner(found, name)

    def groups(self, owner: Owner) -> Sequence[str]:
        """Return the names of the groups that somebody is in. Blocks."""
        joined = _GROUPS.join(_MEMBERS, _GROUPS.c.id == _MEMBERS.c.group_id)
        query = select(_GROUPS.c.name).select_from(joined).where(_MEMBERS.c.user_id == owner.id)
        with self._database.connect() as connection:
            return list(connection.scalars(query))

    async def lab_tokens(self, owner: Owner) -> frozenset[str]:
        """Return the ids, as the hub's API has them, of the tokens that somebody's labs work with."""
        return await asyncio.to_thread(self._lab_tokens, owner.id)

    def _lab_tokens(self, user_id: int) -> frozenset[str]:
        held = select(lab_tokens.c.hashed).where(lab_tokens.c.user_id == user_id)
        query = select(_TOKENS.c.id).where(_TOKENS.c.user_id == user_id, _TOKENS.c.hashed.in_(held))
        with self._database.connect() as connection:
            return frozenset(f"a{found}" for found in connection.scalars(query))

    async def owners(self, ids: Sequence[int]) -> Mapping[int, Owner]:
        """Return the users with these ids that there are, by id."""
        return {id: Owner(id, name) for id, name in await asyncio.to_thread(self._names, ids)}

    async def ids(self, names: Collection[str]) -> Mapping[str, int]:
        """Return the ids of the users with these names that there are."""
        return await asyncio.to_thread(self._ids, names)

    def _ids(self, names: Collection[str]) -> Mapping[str, int]:
        wanted = select(_USERS.c.name, _USERS.c.id).where(_USERS.c.name.in_(names))
        with self._database.connect() as connection:
            return {row.name: row.id for row in connection.execute(wanted)}

    def _names(self, ids: Sequence[int]) -> Sequence[tuple[int, str]]:
        wanted = select(_USERS.c.id, _USERS.c.name).where(_USERS.c.id.in_(ids))
        with self._database.connect() as connection:
            return [(row.id, row.name) for row in connection.execute(wanted)]

    def _id(self, name: str) -> int | None:
        with self._database.connect() as connection:
            found = connection.execute(select(_USERS.c.id).where(_USERS.c.name == name)).scalar()
        return None if found is None else int(found)

    async def quiet(self, before: datetime) -> Sequence[Quiet]:
        """Return the running servers of which the hub has heard nothing since ``before``."""
        return await asyncio.to_thread(self._quiet, before.astimezone(UTC).replace(tzinfo=None))

    def _quiet(self, before: datetime) -> Sequence[Quiet]:
        s, heard = _SPAWNERS.c, func.coalesce(_SPAWNERS.c.last_activity, _SPAWNERS.c.started)
        joined = _SPAWNERS.join(_USERS, _USERS.c.id == s.user_id)
        query = (
            select(_USERS.c.id, _USERS.c.name, s.name.label("server"), heard.label("since"))
            .select_from(joined)
            .where(s.server_id.is_not(None), heard < before)
        )
        with self._database.connect() as connection:
            rows = connection.execute(query).all()
        return [Quiet(Owner(r.id, r.name), r.server, r.since.replace(tzinfo=UTC)) for r in rows]

    def close(self) -> None:
        """Let go of connections."""
        self._database.dispose()
