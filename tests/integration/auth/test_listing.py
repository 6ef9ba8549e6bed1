"""Accounts a page at a time, in a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labyard.auth.accounts import Accounts
from labyard.auth.listing import PER_PAGE, decided, waiting
from labyard.core.store import Store, prepare


@pytest.fixture(params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], str]
) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'hub.sqlite'}" if request.param == "sqlite" else postgres()
    prepare(url)
    store = Store(url)
    yield store
    store.close()


def test_each_account_is_on_one_page_and_found_by_a_part_of_its_name(store: Store) -> None:
    accounts = Accounts(store)
    names = [f"user{n:03}" for n in range(2 * PER_PAGE + 1)]
    for name in [*names, "a_b", "a-b"]:
        accounts.ensure(name)
    accounts.request("asks", "hash")

    pages = [decided(store, "", number) for number in (1, 2, 3)]
    assert [name for page in pages for name in _names(page)] == sorted([*names, "a_b", "a-b"])
    assert {(page.total, page.pages) for page in pages} == {(103, 3)}
    assert (pages[2].first, pages[2].last) == (101, 103)
    assert _names(decided(store, "", 99)) == _names(pages[2])

    assert _names(decided(store, "USER04", 1)) == [f"user04{n}" for n in range(10)]
    assert _names(decided(store, "_", 1)) == ["a_b"]
    assert _names(decided(store, "%", 1)) == []
    assert decided(store, "%", 1).first == 0
    assert _names(waiting(store)) == ["asks"]


def _names(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [account.name for account in page.accounts]
