"""The tables and the accounts, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from jupyterhub import orm
from sqlalchemy import event, insert, inspect, select, text

from labyard.auth import codes, hub_users
from labyard.auth.accounts import Accounts, State, WrongState
from labyard.core.errors import NotFound, SettingsError
from labyard.core.store import VERSION_TABLE, Store, prepare
from labyard.core.tables import display, expiries, metadata, ssh_keys
from labyard.display.choices import Display
from labyard.display.shelf import Shelf
from labyard.ssh.keyring import Keyring
from labyard.ssh.keys import PublicKey


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    prepare(database)
    made = Store(database)
    yield made
    made.close()


@pytest.fixture
def accounts(store: Store) -> Accounts:
    return Accounts(store)


def approved(accounts: Accounts, name: str) -> str:
    accounts.request(name, "hash")
    accounts.decide(name, State.APPROVED, by="admin", wanted=State.PENDING)
    return name


# -- tables -------------------------------------------------------------------------------------------


def test_the_migrations_lead_to_the_tables_as_declared(store: Store) -> None:
    def ours(_item: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or (name or "").startswith("labyard_")

    with store.read() as connection:
        options = {"version_table": VERSION_TABLE, "include_object": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_the_hub_makes_its_tables_beside_ours_in_either_order(database: str) -> None:
    prepare(database)
    orm.new_session_factory(database)
    prepare(database)
    store = Store(database)
    names = set(inspect(store.engine).get_table_names())
    store.close()
    assert {"users", "alembic_version", "labyard_accounts", VERSION_TABLE} <= names


def test_many_processes_may_prepare_at_once(database: str) -> None:
    program = "import sys; from labyard.core.store import prepare; prepare(sys.argv[1])"
    running = [subprocess.Popen([sys.executable, "-c", program, database]) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4


def test_sqlite_stays_in_wal_mode_and_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/labyard.sqlite"
    prepare(url)
    store = Store(url)
    with store.read() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    with store.write() as connection:
        connection.execute(text("CREATE TABLE x (y int)"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes.keys() >= {"labyard.sqlite", "labyard.sqlite-wal"}
    assert set(modes.values()) == {0o600}
    store.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "not the address of a database"),
        ("mysql://root@localhost/x", "mysql"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:////no/such/directory/x.sqlite", "cannot be used"),
        ("postgresql://labyard:geheim@127.0.0.1:1/x", "cannot be used"),
    ],
)
def test_an_address_of_no_use_is_refused_and_never_shows_its_password(url: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        prepare(url)
    assert says in str(caught.value)
    assert "geheim" not in str(caught.value)


# -- accounts -----------------------------------------------------------------------------------------


def test_an_account_goes_its_way(accounts: Accounts) -> None:
    assert accounts.request("anna", "hash")
    assert not accounts.request("anna", "another hash")
    assert accounts.get("anna").state is State.PENDING
    account = accounts.decide("anna", State.APPROVED, by="boss", wanted=State.PENDING)
    assert account.approved
    assert (account.password, account.decided_by) == ("hash", "boss")
    account = accounts.decide("anna", State.WITHDRAWN, by="boss", wanted=State.APPROVED)
    assert not account.approved
    account = accounts.decide("anna", State.APPROVED, by="boss", wanted=State.WITHDRAWN)
    assert account.password == "hash"


def test_a_decision_that_does_not_fit_is_refused(accounts: Accounts) -> None:
    approved(accounts, "anna")
    with pytest.raises(WrongState, match="anna is approved, not pending"):
        accounts.decide("anna", State.APPROVED, by="boss", wanted=State.PENDING)
    with pytest.raises(NotFound):
        accounts.decide("nobody", State.APPROVED, by="boss", wanted=State.PENDING)
    assert not accounts.remove("anna", state=State.PENDING)


def test_withdrawing_takes_rights_and_codes_away(accounts: Accounts) -> None:
    approved(accounts, "anna")
    accounts.set_admin("anna", True)
    accounts.set_code("anna", "code")
    accounts.decide("anna", State.WITHDRAWN, by="boss", wanted=State.APPROVED)
    account = accounts.decide("anna", State.APPROVED, by="boss", wanted=State.WITHDRAWN)
    assert not account.admin
    assert not account.code_open
    assert not accounts.redeem("anna", "code", "hash")


def test_only_so_many_requests_wait(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labyard.auth.accounts.MOST_PENDING", 2)
    assert accounts.request("a", "hash")
    assert accounts.request("b", "hash")
    assert not accounts.request("c", "hash")


def test_an_old_code_is_void(accounts: Accounts) -> None:
    approved(accounts, "anna")
    accounts.set_code("anna", "code", life=timedelta(seconds=-1))
    assert not accounts.redeem("anna", "code", "hash")
    accounts.set_code("anna", "code", life=None)
    assert accounts.redeem("anna", "code", "hash")


def test_a_code_works_once_also_for_many_at_once(accounts: Accounts) -> None:
    approved(accounts, "anna")
    code = codes.new()
    accounts.set_code("anna", code)
    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda n: accounts.redeem("anna", code, f"hash{n}"), range(8)))
    assert sum(done) == 1
    assert accounts.get("anna").password == f"hash{done.index(True)}"


def test_a_name_is_given_once_also_for_many_at_once(accounts: Accounts) -> None:
    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda n: accounts.request("anna", f"hash{n}"), range(8)))
    assert sum(done) == 1
    assert accounts.get("anna").password == f"hash{done.index(True)}"


def test_a_rehash_never_undoes_a_change(accounts: Accounts) -> None:
    approved(accounts, "anna")
    accounts.set_password("anna", "changed")
    accounts.rehash("anna", "hash", "hash, renewed")
    assert accounts.get("anna").password == "changed"


# -- following the hub's users ------------------------------------------------------------------------


@pytest.fixture
def following() -> Iterator[None]:
    hub_users.follow()
    yield
    for name, listener in hub_users.LISTENERS.items():
        event.remove(orm.User, name, listener)


@pytest.mark.usefixtures("following")
def test_an_account_follows_its_user(database: str, accounts: Accounts) -> None:
    session = orm.new_session_factory(database)()
    user = orm.User(name=approved(accounts, "anna"))
    session.add(user)
    session.commit()
    accounts.request("anna2", "hash of a stranger")

    user.name = "anna2"
    session.commit()
    assert accounts.find("anna") is None
    assert accounts.get("anna2").password == "hash"

    user.admin = True
    session.commit()
    assert accounts.get("anna2").admin

    user.name = "anna3"
    session.flush()
    session.rollback()
    assert accounts.find("anna2")

    session.delete(user)
    session.commit()
    assert accounts.find("anna2") is None
    session.close()


@pytest.mark.usefixtures("following")
def test_what_a_removed_user_kept_here_goes_too(database: str, store: Store) -> None:
    session = orm.new_session_factory(database)()
    anna, ben = orm.User(name="anna"), orm.User(name="ben")
    session.add_all([anna, ben])
    session.commit()
    now, left = datetime.now(UTC).replace(tzinfo=None), ben.id
    for user in (anna, ben):
        key = PublicKey("ssh-ed25519", "AAAA", f"SHA256:{user.name}", "desk")
        Keyring(store).add(user.id, key)
        Shelf(store).keep(user.id, Display())
        row = {"user_id": user.id, "server": "", "expires": now, "since": now, "days": 1}
        with store.write() as connection:
            connection.execute(insert(expiries).values(row))
    session.delete(anna)
    session.commit()
    session.close()
    with store.read() as connection:
        for table in (ssh_keys, display, expiries):
            assert list(connection.scalars(select(table.c.user_id))) == [left], table.name


def test_a_removed_users_id_is_never_given_again(database: str) -> None:
    hub_users.never_reuse_ids()
    session = orm.new_session_factory(database)()
    ids = []
    for _ in range(3):
        user = orm.User(name="anna")
        session.add(user)
        session.commit()
        ids.append(user.id)
        session.delete(user)
        session.commit()
    session.close()
    assert len(set(ids)) == 3
