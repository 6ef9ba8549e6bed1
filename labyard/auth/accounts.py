"""Accounts with a password of this house. Calls block, see ``core.store``.

An account is known by its name; it follows the hub's user of that name through a rename and a removal
(``hub_users``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from labyard.auth import codes
from labyard.core.errors import LabyardError, NotFound
from labyard.core.store import Store
from labyard.core.tables import accounts as table
from labyard.core.tables import identities, memberships

CODE_LIFE = timedelta(days=7)
# Requests for an account that may wait for an administrator at the same time.
MOST_PENDING = 1000


class State(StrEnum):
    """Where an account stands."""

    PENDING = "pending"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class WrongState(LabyardError):
    """The account is not in a state that allows this."""

    code = "wrong-state"
    status = 409


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands now. Times are UTC without a zone."""

    name: str
    state: State
    admin: bool
    password: str | None
    code: str | None
    code_expires: datetime | None
    created: datetime
    decided: datetime | None
    decided_by: str | None

    @property
    def approved(self) -> bool:
        """Return whether it may sign in."""
        return self.state is State.APPROVED

    @property
    def code_open(self) -> bool:
        """Return whether a one-time code is out that still works."""
        return self.code is not None and (self.code_expires is None or self.code_expires > _now())

    def accepts(self, code: str) -> bool:
        """Return whether ``code`` may set the password. Takes as long either way."""
        return codes.fits(self.code, code) and self.approved and self.code_open

    def as_json(self) -> dict[str, Any]:
        """Return what an administrator may see of it."""
        return {
            "name": self.name,
            "state": self.state,
            "admin": self.admin,
            "password": self.password is not None,
            "code_expires": _iso(self.code_expires) if self.code_open else None,
            "created": _iso(self.created),
            "decided": _iso(self.decided),
            "decided_by": self.decided_by,
        }


def wrong_state(account: Account, wanted: State) -> WrongState:
    """Return the error for an account that is not in the state an action starts from."""
    return WrongState(
        f"The account {account.name} is {account.state}, not {wanted}.",
        remedy="Look at the list of accounts; somebody else may have decided meanwhile.",
    )


class Accounts:
    """The accounts of an installation."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def find(self, name: str) -> Account | None:
        """Return the account of that name, if there is one."""
        with self.store.read() as connection:
            return find_account(connection, name)

    def get(self, name: str) -> Account:
        """Return the account of that name.

        Raises
        ------
        NotFound
            When there is none.
        """
        account = self.find(name)
        if account is None:
            raise NotFound(f"There is no account named {name}.", remedy="See the list of accounts.")
        return account

    def taken(self, names: Collection[str]) -> set[str]:
        """Return which of ``names`` somebody has."""
        with self.store.read() as connection:
            return set(connection.scalars(select(table.c.name).where(table.c.name.in_(names))))

    def usable_admins(self) -> list[str]:
        """Return the administrators who can sign in."""
        query = select(table.c.name).where(
            table.c.admin, table.c.state == State.APPROVED, table.c.password.is_not(None)
        )
        with self.store.read() as connection:
            return list(connection.scalars(query))

    def request(self, name: str, password: str) -> bool:
        """Note that somebody asks for an account; return whether the name was free.

        ``password`` is an encoded hash. Nothing changes for a name that is taken.
        """
        waiting = select(func.count()).where(table.c.state == State.PENDING)
        with self.store.write() as connection:
            if (connection.scalar(waiting) or 0) >= MOST_PENDING:
                return False
            return add_account(connection, name, State.PENDING, password=password)

    def invite(self, invitations: Mapping[str, str], *, life: timedelta = CODE_LIFE) -> None:
        """Make approved accounts, each with its one-time code, by name: all of them, or none.

        Raises
        ------
        WrongState
            When one of the names is taken, also at this very moment.
        """
        expires = _now() + life
        with self.store.write() as connection:
            for name, code in invitations.items():
                given = {"code": codes.digest(code), "code_expires": expires}
                if not add_account(connection, name, State.APPROVED, **given):
                    raise WrongState(
                        f"There is an account named {name} already.", remedy="Nobody was added."
                    )

    def ensure(self, name: str, *, admin: bool = False) -> None:
        """Make sure a user of the hub has an account. A new one is approved and has no password."""
        with self.store.write() as connection:
            add_account(connection, name, State.APPROVED, admin=admin)

    def decide(self, name: str, state: State, *, by: str, wanted: State) -> Account:
        """Move an account from state ``wanted`` to ``state``.

        Withdrawing takes the administrator's rights and open codes away too.

        Raises
        ------
        NotFound, WrongState
        """
        values: dict[str, Any] = {"state": state, "decided": _now(), "decided_by": by}
        if state is State.WITHDRAWN:
            values |= {"admin": False, "code": None, "code_expires": None}
        with self.store.write() as connection:
            found = connection.execute(
                update(table).where(table.c.name == name, table.c.state == wanted).values(**values)
            )
        account = self.get(name)
        if not found.rowcount:
            raise wrong_state(account, wanted)
        return account

    def set_admin(self, name: str, admin: bool) -> Account:
        """Give or take the administrator's rights.

        Raises
        ------
        NotFound
        """
        self._change(name, admin=admin)
        return self.get(name)

    def set_password(self, name: str, password: str) -> None:
        """Store a new encoded hash; open codes are void.

        Raises
        ------
        NotFound
        """
        self._change(name, password=password, code=None, code_expires=None)

    def rehash(self, name: str, old: str, new: str) -> None:
        """Store the same password hashed anew, unless it was changed meanwhile."""
        with self.store.write() as connection:
            connection.execute(
                update(table)
                .where(table.c.name == name, table.c.password == old)
                .values(password=new)
            )

    def set_code(self, name: str, code: str, *, life: timedelta | None = CODE_LIFE) -> None:
        """Let ``code`` set the password once within ``life``; the old password is void.

        Raises
        ------
        NotFound
        """
        expires = None if life is None else _now() + life
        self._change(name, password=None, code=codes.digest(code), code_expires=expires)

    def redeem(self, name: str, code: str, password: str) -> bool:
        """Set the password with a code; return whether the code was good. It works once."""
        with self.store.write() as connection:
            account = find_account(connection, name)
            if account is None or not account.accepts(code):
                return False
            used = connection.execute(
                update(table)
                .where(table.c.name == name, table.c.code == account.code)
                .values(password=password, code=None, code_expires=None)
            )
            return bool(used.rowcount)

    def first_admin(self, name: str, code: str) -> None:
        """Make ``name`` an approved administrator who comes in by a password that only ``code`` can set."""
        with self.store.write() as connection:
            add_account(connection, name, State.APPROVED)
            forget_identities(connection, name)
            connection.execute(
                update(table)
                .where(table.c.name == name)
                .values(
                    state=State.APPROVED,
                    admin=True,
                    password=None,
                    code=codes.digest(code),
                    code_expires=None,
                )
            )

    def remove(self, name: str, *, state: State | None = None) -> bool:
        """Remove an account, if it is in ``state`` when one is given; return whether it was there."""
        query = delete(table).where(table.c.name == name)
        if state is not None:
            query = query.where(table.c.state == state)
        with self.store.write() as connection:
            gone = bool(connection.execute(query).rowcount)
            if gone:
                forget_identities(connection, name)
            return gone

    def _change(self, name: str, **values: Any) -> None:
        with self.store.write() as connection:
            found = connection.execute(update(table).where(table.c.name == name).values(**values))
        if not found.rowcount:
            self.get(name)


def find_account(connection: Connection, name: str) -> Account | None:
    """Return the account of that name, if there is one."""
    row = connection.execute(select(table).where(table.c.name == name)).mappings().first()
    return None if row is None else read_account(row)


def read_account(row: RowMapping) -> Account:
    """Return the account in a row of the table."""
    values = {field.name: row[field.name] for field in fields(Account)}
    return Account(**{**values, "state": State(row["state"])})


def add_account(connection: Connection, name: str, state: State, **values: Any) -> bool:
    """Insert an account unless the name is taken, also at this very moment; return whether it was free."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    query = make(table).values(name=name, state=state, created=_now(), **values)
    added = connection.execute(query.on_conflict_do_nothing().returning(table.c.name))
    return added.first() is not None


def forget_identities(connection: Connection, name: str) -> None:
    """Delete what an account came in by besides its password, and what that gave it."""
    theirs = select(identities.c.id).where(identities.c.account == name)
    connection.execute(delete(memberships).where(memberships.c.identity.in_(theirs)))
    connection.execute(delete(identities).where(identities.c.account == name))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds") + "Z"
