"""From a user's name to the id that outlives a rename: the hub's API does not tell it."""

from __future__ import annotations

import asyncio

from sqlalchemy import column, create_engine, select, table

from labyard.core.errors import NotFound
from labyard.core.models import Owner

_USERS = table("users", column("id"), column("name"))


class People:
    """Reads ids from the hub's own database, never cached: a name can change hands."""

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

    def _id(self, name: str) -> int | None:
        with self._database.connect() as connection:
            found = connection.execute(select(_USERS.c.id).where(_USERS.c.name == name)).scalar()
        return None if found is None else int(found)

    def close(self) -> None:
        """Let go of connections."""
        self._database.dispose()
