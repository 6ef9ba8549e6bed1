"""Where the dates are kept, for hub and service: in the one database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from labyard.core.errors import NotFound
from labyard.core.store import Store
from labyard.core.tables import expiries
from labyard.expiry.dates import Expiry, at_start, extended, moved

T = TypeVar("T")

_COLUMNS = expiries.c


@dataclass(frozen=True, slots=True)
class Dated:
    """A server by its user's id and its name, and when it ends."""

    user_id: int
    server: str
    expiry: Expiry


class Expiries:
    """The dates of all servers. Every call runs in a thread and is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, user_id: int, server: str) -> Expiry | None:
        """Return when a server ends, None for never."""
        return (await self.of(user_id)).get(server)

    async def of(self, user_id: int) -> Mapping[str, Expiry]:
        """Return when a user's servers end, by name; those that never do are not in it."""
        rows = await self._rows(select(expiries).where(_COLUMNS.user_id == user_id))
        return {row.server: row.expiry for row in rows}

    async def among(self, user_ids: Collection[int]) -> Mapping[tuple[int, str], Expiry]:
        """Return when servers of these users end, by user id and name."""
        rows = await self._rows(select(expiries).where(_COLUMNS.user_id.in_(user_ids)))
        return {(row.user_id, row.server): row.expiry for row in rows}

    async def before(self, moment: datetime) -> Sequence[Dated]:
        """Return all servers that end before ``moment``, the first one first."""
        wanted = select(expiries).where(_COLUMNS.expires <= _naive(moment))
        return await self._rows(wanted.order_by(_COLUMNS.expires))

    async def start(
        self, user_id: int, server: str, days: int | None, most_days: int | None, now: datetime
    ) -> Expiry | None:
        """Set what :func:`~labyard.expiry.dates.at_start` decides, and return it."""

        def work(connection: Connection) -> Expiry | None:
            expiry = at_start(_one(connection, user_id, server), days, most_days, now)
            _put(connection, user_id, server, expiry)
            return expiry

        return await self._write(work)

    async def extend(self, user_id: int, server: str, days: int | None, now: datetime) -> Expiry:
        """Set what :func:`~labyard.expiry.dates.extended` decides, and return it.

        Raises
        ------
        NotFound
            When the server has no end.
        Refused
            When the policy does not allow it.
        """
        return await self._change(user_id, server, lambda before: extended(before, days, now))

    async def move(self, user_id: int, server: str, days: int, now: datetime) -> Expiry:
        """Set what :func:`~labyard.expiry.dates.moved` decides, likewise."""
        return await self._change(user_id, server, lambda before: moved(before, days, now))

    async def _change(
        self, user_id: int, server: str, decide: Callable[[Expiry], Expiry]
    ) -> Expiry:
        def work(connection: Connection) -> Expiry:
            before = _one(connection, user_id, server)
            if before is None:
                raise NotFound(
                    "This server has no end to put off.",
                    remedy="Choose days to live when it is started.",
                )
            after = decide(before)
            _put(connection, user_id, server, after)
            return after

        return await self._write(work)

    async def put(self, user_id: int, server: str, expiry: Expiry | None) -> None:
        """Set a date as it is; None is never."""
        await self._write(lambda connection: _put(connection, user_id, server, expiry))

    async def forget(self, dated: Dated) -> None:
        """Take a date away, unless it is another one by now."""
        await self._write(
            lambda connection: connection.execute(delete(expiries).where(*_same(dated)))
        )

    async def tell(self, dated: Dated, notice: timedelta) -> None:
        """Note that a notice was given, unless the date is another one by now."""
        told = int(notice.total_seconds())
        await self._write(
            lambda connection: connection.execute(
                update(expiries).where(*_same(dated)).values(told=told)
            )
        )

    async def rename(self, user_id: int, server: str, name: str) -> None:
        """Give a server's date to the same server under another name."""

        def work(connection: Connection) -> None:
            expiry = _one(connection, user_id, server)
            _put(connection, user_id, name, expiry)
            _put(connection, user_id, server, None)

        await self._write(work)

    async def _rows(self, wanted: Select[Any]) -> Sequence[Dated]:
        def read() -> Sequence[Dated]:
            with self._store.read() as connection:
                return [_dated(row) for row in connection.execute(wanted)]

        return await asyncio.to_thread(read)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        def write() -> T:
            with self._store.write() as connection:
                return work(connection)

        return await asyncio.to_thread(write)


def _one(connection: Connection, user_id: int, server: str) -> Expiry | None:
    row = connection.execute(select(expiries).where(*_key(user_id, server))).one_or_none()
    return _dated(row).expiry if row else None


def _put(connection: Connection, user_id: int, server: str, expiry: Expiry | None) -> None:
    connection.execute(delete(expiries).where(*_key(user_id, server)))
    if expiry is not None:
        values = {
            "expires": _naive(expiry.expires),
            "since": _naive(expiry.since),
            "days": expiry.days,
            "most_days": expiry.most_days,
            "told": None if expiry.told is None else int(expiry.told.total_seconds()),
        }
        connection.execute(insert(expiries).values(user_id=user_id, server=server, **values))


def _key(user_id: int, server: str) -> tuple[Any, ...]:
    return (_COLUMNS.user_id == user_id, _COLUMNS.server == server)


def _same(dated: Dated) -> tuple[Any, ...]:
    key = _key(dated.user_id, dated.server)
    return (*key, _COLUMNS.expires == _naive(dated.expiry.expires))


def _dated(row: Row[Any]) -> Dated:
    expiry = Expiry(
        row.expires.replace(tzinfo=UTC),
        row.since.replace(tzinfo=UTC),
        row.days,
        row.most_days,
        None if row.told is None else timedelta(seconds=row.told),
    )
    return Dated(row.user_id, row.server, expiry)


def _naive(moment: datetime) -> datetime:
    """Return UTC without a zone, as the hub's tables have it."""
    return moment.astimezone(UTC).replace(tzinfo=None)
