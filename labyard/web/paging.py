"""Long lists, a page at a time: what was asked for, in the address, and which part that is. Pure.

The address of a list says all of it: ``?search=anna&state=running&page=2``. Forms below a list are
posted with the same query behind their own path, so that an action comes back to where it began.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlencode

Row = TypeVar("Row")

PER_PAGE = 50
LONGEST_SEARCH = 64  # characters
_LAST = 10**6  # the number of a page is no larger


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of a list is asked for. ``number`` counts pages from 1, ``filters`` are more fields."""

    search: str = ""
    number: int = 1
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """Return it as an address has it, with the ``?``; empty for the whole list's first page."""
        return self.at(self.number)

    def at(self, number: int) -> str:
        """Return the query of another page of the same list."""
        return _query({**self._kept, "page": str(number) if number > 1 else ""})

    def only(self, **filters: str) -> str:
        """Return the query of the first page with other filters; an empty one is none."""
        return _query({**self._kept, **filters})

    @property
    def narrowed(self) -> bool:
        """Return whether less than the whole list is asked for."""
        return any(self._kept.values())

    @property
    def _kept(self) -> dict[str, str]:
        return {"search": self.search, **self.filters}


def asked(arguments: Mapping[str, Sequence[bytes]], *filters: str) -> Asked:
    """Return what a request's query asks for; ``filters`` are the fields besides search and page.

    What cannot be is left out: a link that somebody changed by hand still shows the list.
    """

    def told(name: str) -> str:
        text = [*arguments.get(name, ()), b""][0].decode(errors="replace")
        return "".join(c for c in text if c.isprintable()).strip()[:LONGEST_SEARCH]

    page = told("page")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 8 else 1
    return Asked(told("search"), min(max(1, number), _LAST), {name: told(name) for name in filters})


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """One page of a list: its ``rows``, its ``number`` from 1, and how many rows there are in ``total``."""

    rows: Sequence[Row]
    number: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        """Return how many pages there are; one that is empty counts."""
        return pages(self.total, self.per_page)

    @property
    def first(self) -> int:
        """Return the number of the first row shown, from 1; 0 without any."""
        return (self.number - 1) * self.per_page + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Return the number of the last row shown."""
        return (self.number - 1) * self.per_page + len(self.rows)


def pages(total: int, per_page: int = PER_PAGE) -> int:
    """Return how many pages ``total`` rows take."""
    return max(1, -(-total // per_page))


def cut(rows: Sequence[Row], number: int, per_page: int = PER_PAGE) -> Listed[Row]:
    """Return a page of a list that is at hand as a whole; one beyond the last is the last."""
    number = min(number, pages(len(rows), per_page))
    begin = (number - 1) * per_page
    return Listed(rows[begin : begin + per_page], number, len(rows), per_page)


def _query(fields: Mapping[str, str]) -> str:
    told = urlencode({name: value for name, value in fields.items() if value})
    return f"?{told}" if told else ""
