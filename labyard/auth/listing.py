"""Pages of accounts: what an administrator sees at once, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from labyard.auth.accounts import Account, State, read_account
from labyard.core.store import Store
from labyard.core.tables import accounts as table

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """The accounts of one page, by name. ``number`` counts from 1; ``total`` is over all pages."""

    accounts: Sequence[Account]
    number: int
    total: int

    @property
    def pages(self) -> int:
        """Return how many pages there are; one that is empty counts."""
        return max(1, -(-self.total // PER_PAGE))

    @property
    def first(self) -> int:
        """Return the number of the first account shown, from 1; 0 without any."""
        return (self.number - 1) * PER_PAGE + 1 if self.accounts else 0

    @property
    def last(self) -> int:
        """Return the number of the last account shown."""
        return (self.number - 1) * PER_PAGE + len(self.accounts)


def decided(store: Store, search: str, number: int) -> Listing:
    """Return a page of the accounts that were decided on and whose name holds ``search``.

    A page beyond the last one is the last.
    """
    return _page(store, table.c.state != State.PENDING, search, number)


def waiting(store: Store, number: int = 1) -> Listing:
    """Return a page of the requests for an account."""
    return _page(store, table.c.state == State.PENDING, "", number)


def _page(store: Store, kind: ColumnElement[bool], search: str, number: int) -> Listing:
    wanted = kind & table.c.name.contains(search.lower(), autoescape=True)
    with store.read() as connection:
        total = connection.scalar(select(func.count()).select_from(table).where(wanted)) or 0
        number = min(max(1, number), max(1, -(-total // PER_PAGE)))
        rows = connection.execute(
            select(table)
            .where(wanted)
            .order_by(table.c.name)
            .limit(PER_PAGE)
            .offset((number - 1) * PER_PAGE)
        ).mappings()
        return Listing([read_account(row) for row in rows], number, total)
