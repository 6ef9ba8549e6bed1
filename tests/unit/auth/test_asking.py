"""What is taken away before a start, by what a way answers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from jupyterhub import orm
from sqlalchemy import update
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from labyard.auth.accounts import Accounts
from labyard.auth.ways import memberships
from labyard.auth.ways.admission import Admission
from labyard.auth.ways.asking import Asking
from labyard.auth.ways.held import Held
from labyard.auth.ways.identities import Identities
from labyard.auth.ways.oidc import Oidc
from labyard.auth.ways.provider import Provider
from labyard.auth.ways.tokens import BadToken
from labyard.auth.ways.way import Bound, CannotAsk, Identity, Keep, NoLonger, Way, Welcome
from labyard.auth.ways.ways import Ways
from labyard.core.errors import Forbidden, LabyardError
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

    async def ask(self, bound: Bound, keep: Keep) -> Identity:
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


async def test_what_would_refuse_a_sign_in_takes_away_as_well(place: Place) -> None:
    refused = Answering(raising(Forbidden("The address is not verified.")))
    with pytest.raises(Forbidden):
        await place.start(refused)
    assert await place.start() == set()
    place.admission.accounts.set_password("ways-eve", "hash")
    assert await place.start(refused) == set()


async def test_an_answer_about_somebody_else_is_none(place: Place) -> None:
    with pytest.raises(NoLonger):
        await place.start(Answering(lambda: replace(EVE, subject="8")))


async def test_a_way_that_was_switched_off_gives_nothing(place: Place) -> None:
    assert await place.start() == set()
    assert not place.admin


async def test_what_is_looked_up_for_it_does_not_hold_up_the_hub(place: Place) -> None:
    places: list[threading.Thread] = []

    def privileged(groups: frozenset[str]) -> frozenset[str]:
        places.append(threading.current_thread())
        return groups & PRIVILEGED

    said = replace(EVE, groups=frozenset({"staff"}))
    for answer in (lambda: said, raising(CannotAsk("Away."))):
        on = Ways([Answering(answer)], privileged=privileged)
        await Asking(on, place.admission).before_start(place.user)
        place.last_said(None)
    assert len(places) == 2
    assert threading.main_thread() not in places


# -- a provider ---------------------------------------------------------------------------------------

GIVEN = {"access_token": "a2", "refresh_token": "r2", "expires_in": 3600}
SAID = {"sub": "7", "preferred_username": "ways-eve"}
HELD = Held("a1", "r1")


@dataclass
class Answers:
    """What a provider answers at its two addresses, and which it was asked at."""

    token: tuple[int, Any] = (200, GIVEN)
    userinfo: tuple[int, Any] = (200, SAID)
    asked: list[str] = field(default_factory=list)

    async def ask(self, held: Held) -> tuple[Identity | LabyardError, list[str]]:
        """Return what comes of asking with ``held``, and what was kept before that."""
        answers, kept = self, []

        class Answer(RequestHandler):
            def get(self) -> None:
                answers.asked.append(self.request.path)
                status, body = getattr(answers, self.request.path.strip("/"))
                self.set_status(status)
                self.write(body)

            post = get

        socket, port = bind_unused_port()
        server = HTTPServer(Application([(".*", Answer)]))
        server.add_socket(socket)
        at = f"http://127.0.0.1:{port}"
        urls = {"token_url": f"{at}/token", "userinfo_url": f"{at}/userinfo"}
        told = Provider("sso", "SSO", EVE.issuer, "id", "s", authorize_url=at, jwks_url=at, **urls)

        async def keep(value: str) -> None:
            kept.append(value)

        try:
            bound = Bound(1, *EVE.key, "ways-eve", kept=held.dump())
            return await Oidc(told, callback="/oauth_callback").ask(bound, keep), kept
        except LabyardError as error:
            return error, kept
        finally:
            server.stop()
            await asyncio.wait_for(server.close_all_connections(), 60)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (Answers(), Identity),
        (Answers(token=(400, {"error": "invalid_grant"})), NoLonger),
        (Answers(token=(200, {"error": "bad_refresh_token"})), NoLonger),
        (Answers(token=(401, {"error": "invalid_client"})), CannotAsk),
        (Answers(token=(404, "no such page")), CannotAsk),
        (Answers(token=(403, "<h1>Firewall</h1>")), CannotAsk),
        (Answers(token=(200, {"error": "incorrect_client_credentials"})), CannotAsk),
        (Answers(userinfo=(401, "")), NoLonger),
        (Answers(userinfo=(403, "")), CannotAsk),
        (Answers(userinfo=(500, "")), CannotAsk),
        (Answers(userinfo=(200, {"preferred_username": "ways-eve"})), BadToken),
    ],
    ids=str,
)
async def test_only_a_refusal_of_the_person_is_one(answers: Answers, expected: type) -> None:
    came, _ = await answers.ask(HELD)
    assert type(came) is expected


@pytest.mark.parametrize(
    ("answers", "held"),
    [(Answers(userinfo=(500, "")), HELD), (Answers(), replace(HELD, groups_in_token=True))],
    ids=["userinfo away", "groups in the id token alone"],
)
async def test_a_new_refresh_token_is_kept_whatever_comes_of_it(
    answers: Answers, held: Held
) -> None:
    came, kept = await answers.ask(held)
    assert isinstance(came, CannotAsk)
    assert [Held.load(one).refresh for one in kept] == ["r2"]


async def test_an_access_token_that_is_over_says_nothing_of_anybody() -> None:
    over = Held("a1", until=time.time() - 1)
    answers = Answers(userinfo=(401, ""))
    assert isinstance((await answers.ask(over))[0], CannotAsk)
    assert answers.asked == []
    assert isinstance((await answers.ask(replace(over, until=None)))[0], NoLonger)


def test_what_a_way_wants_back_is_no_word_of_the_issuer(place: Place) -> None:
    place.last_said(None)
    (bound,) = place.admission.identities.of("ways-eve")
    place.admission.identities.keep(bound, "r2")
    (after,) = place.admission.identities.of("ways-eve")
    assert (after.kept, after.told) == ("r2", None)
