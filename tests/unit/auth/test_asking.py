"""What is taken away before a start, by what a way answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from jupyterhub import orm
from sqlalchemy import update

from labyard.auth.accounts import Accounts
from labyard.auth.ways import memberships
from labyard.auth.ways.admission import Admission
from labyard.auth.ways.asking import Asking
from labyard.auth.ways.identities import Identities
from labyard.auth.ways.way import Bound, CannotAsk, Identity, NoLonger, Way, Welcome
from labyard.auth.ways.ways import Ways
from labyard.core.store import Store
from labyard.core.tables import identities as table

PRIVILEGED = frozenset({"docker-privileged"})
EVE = Identity("sso", "https://sso.example.org", "7", "ways-eve", admin=True)


class Answering(Way):
    """A way that answers as a test says."""

    trusted_groups = PRIVILEGED

    def __init__(self, answer: Callable[[], Identity]) -> None:
        super().__init__("sso", "SSO", Welcome.APPROVE)
        self.answer = answer

    async def ask(self, bound: Bound) -> Identity:
        return self.answer()


class User:
    """As much of the hub's user as groups are about."""

    def __init__(self, db: Any, orm_user: orm.User) -> None:
        self.db, self.orm_user, self.name = db, orm_user, orm_user.name
        self.admin = False

    @property
    def groups(self) -> list[orm.Group]:
        found: list[orm.Group] = self.orm_user.groups
        return found


class Place:
    """One person who came in by the way, and is in two groups because it said so."""

    def __init__(self, store: Store, db: Any) -> None:
        self.store, self.db = store, db
        self.admission = Admission(
            Identities(store, seal=Ways().seal),
            Accounts(store),
            objection=lambda name: "",
            listed=lambda name, admin: None,
            kept="admin",
        )
        bound, _ = self.admission.admit(EVE, Welcome.APPROVE)
        db.add(orm.User(name="ways-eve"))
        db.commit()
        self.user = User(db, orm.User.find(db, "ways-eve"))
        memberships.give(self.user, bound.id, {"staff", "docker-privileged"})

    async def start(self, *ways: Way) -> set[str]:
        on = Ways(ways, privileged=lambda groups: groups & PRIVILEGED)
        await Asking(on, self.admission).before_start(self.user)
        return {group.name for group in self.user.groups}

    def last_said(self, moment: Any) -> None:
        with self.store.write() as connection:
            connection.execute(update(table).values(told=moment))

    @property
    def admin(self) -> bool:
        return self.admission.accounts.get("ways-eve").admin


@pytest.fixture
def place(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr("labyard.auth.hub_users.set_admin", lambda user, admin: None)
    db = orm.new_session_factory(str(store.engine.url))()
    yield Place(store, db)
    db.close()


def raising(error: Exception) -> Callable[[], Identity]:
    def answer() -> Identity:
        raise error

    return answer


async def test_what_the_issuer_says_by_now_holds(place: Place) -> None:
    said = replace(EVE, groups=frozenset({"staff", "new"}), admin=False)
    assert await place.start(Answering(lambda: said)) == {"staff", "new"}
    assert not place.admin


async def test_no_word_of_groups_changes_nothing(place: Place) -> None:
    assert await place.start(Answering(lambda: EVE)) == {"staff", "docker-privileged"}


@pytest.mark.parametrize("error", [CannotAsk("Away."), RuntimeError("a bug")])
async def test_of_an_issuer_that_is_away_a_fresh_word_holds_but_an_old_one_not_for_the_host(
    place: Place, error: Exception
) -> None:
    away = Answering(raising(error))
    assert await place.start(away) == {"staff", "docker-privileged"}
    place.last_said(None)
    assert await place.start(away) == {"staff"}
    assert place.admin


async def test_who_is_vouched_for_no_more_starts_nothing(place: Place) -> None:
    with pytest.raises(NoLonger):
        await place.start(Answering(raising(NoLonger("Gone."))))
    assert await place.start() == set()
    assert not place.admin


async def test_unless_there_is_a_password_too(place: Place) -> None:
    place.admission.accounts.set_password("ways-eve", "hash")
    assert await place.start(Answering(raising(NoLonger("Gone.")))) == set()


async def test_an_answer_about_somebody_else_is_none(place: Place) -> None:
    with pytest.raises(NoLonger):
        await place.start(Answering(lambda: replace(EVE, subject="8")))


async def test_a_way_that_was_switched_off_gives_nothing(place: Place) -> None:
    assert await place.start() == set()
    assert not place.admin
