"""The audit's table in a real database: it only grows, and is looked through page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from labyard.audit import actions
from labyard.audit.entry import SYSTEM, Entry, Outcome, Party, user
from labyard.audit.retention import Retention
from labyard.audit.trail import Place, Trail, Wanted
from labyard.core.store import Store, prepare
from labyard.core.tables import audit_bound

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
ANNA, BEN = user("anna"), user("ben")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], str]
) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'hub.sqlite'}" if request.param == "sqlite" else postgres()
    prepare(url)
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def trail(store: Store) -> Trail:
    """Ten entries, two a day."""
    trail = Trail(store)
    trail.add([_entry(n) for n in range(10)])
    return trail


def _entry(n: int) -> Entry:
    actor: Party = ANNA if n % 3 else BEN
    action = actions.SERVER_START if n % 2 else actions.SIGN_IN
    outcome = Outcome.FAILED if n == 7 else Outcome.DONE
    at = BEGIN + timedelta(days=n // 2)
    return Entry(action, actor, user(f"target{n}"), "203.0.113.7", outcome, {"reason": "né"}, at)


def names(entries: object) -> list[str]:
    return [entry.target.name.removeprefix("target") for entry in entries]  # type: ignore[attr-defined]


def test_pages_lead_through_all_entries_newest_first_and_back(trail: Trail) -> None:
    first = trail.page(Wanted(), most=4)
    assert names(first) == ["9", "8", "7", "6"]
    second = trail.page(Wanted(), most=4, before=Place(first[-1].at, first[-1].id))
    assert names(second) == ["5", "4", "3", "2"]
    assert names(trail.page(Wanted(), most=4, after=Place(second[0].at, second[0].id))) == names(
        first
    )
    last = trail.page(Wanted(), most=4, before=Place(second[-1].at, second[-1].id))
    assert names(last) == ["1", "0"]
    assert first[2].as_json() == {
        "id": 8,
        "at": "2026-03-04T00:00:00.000000+00:00",
        "actor": "anna",
        "actor_kind": "user",
        "address": "203.0.113.7",
        "action": "server.start",
        "target": "target7",
        "target_kind": "user",
        "outcome": "failed",
        "details": {"reason": "né"},
    }


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(actor="ben"), "9630"),
        (Wanted(action="sign-in", actor="anna"), "842"),
        (Wanted(outcome="failed"), "7"),
        (Wanted(target="target3"), "3"),
        (Wanted(since=BEGIN + timedelta(days=4)), "98"),
        (Wanted(until=BEGIN + timedelta(days=1)), "10"),
        (Wanted(actor="' OR 1=1 --"), ""),
    ],
)
def test_filters(trail: Trail, wanted: Wanted, found: str) -> None:
    assert names(trail.page(wanted, most=20)) == list(found)


STATEMENTS = (
    "UPDATE labyard_audit SET actor = 'nobody'",
    "DELETE FROM labyard_audit",
    "DELETE FROM labyard_audit WHERE id = 1",
)
ONLY = {
    "sqlite": "INSERT OR REPLACE INTO labyard_audit SELECT * FROM labyard_audit WHERE id = 1",
    "postgresql": "TRUNCATE labyard_audit",
}


def test_nothing_is_changed_or_removed(store: Store, trail: Trail) -> None:
    for statement in (*STATEMENTS, ONLY[store.engine.dialect.name]):
        with (
            pytest.raises(DBAPIError, match="labyard_audit only grows"),
            store.write() as connection,
        ):
            connection.execute(text(statement))
        assert len(trail.page(Wanted(), most=20)) == 10, statement


def test_only_what_is_older_is_let_go(store: Store, trail: Trail) -> None:
    bound = BEGIN + timedelta(days=2)
    with store.write() as connection:
        connection.execute(insert(audit_bound).values(id=1, before=bound.replace(tzinfo=None)))
    with pytest.raises(DBAPIError, match="only grows"), store.write() as connection:
        connection.execute(text("DELETE FROM labyard_audit WHERE id = 10"))
    assert trail.forget(bound) == 4
    assert names(trail.page(Wanted(), most=20)) == list("987654")
    assert trail.forget(bound) == 0
    trail.add([Entry(actions.SIGN_OUT, SYSTEM, ANNA)])
    assert trail.page(Wanted(), most=1)[0].id == 11


async def test_what_is_older_than_the_settings_keep_is_let_go(store: Store, trail: Trail) -> None:
    now = BEGIN + timedelta(days=4)
    assert await Retention(trail, None).look(now) == 0
    assert await Retention(trail, timedelta(days=1).total_seconds()).look(now) == 6
    assert names(trail.page(Wanted(), most=20)) == list("9876")
