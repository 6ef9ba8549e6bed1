"""Which identity comes in as which account. Calls block, see ``core.store``.

An account's identities follow it through a rename and go with it (``auth.hub_users``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select, update

from labyard.auth.accounts import MOST_PENDING, Account, State, add_account, find_account
from labyard.auth.ways.sealed import Seal
from labyard.auth.ways.way import Bound, Identity
from labyard.core.errors import LabyardError, NotFound
from labyard.core.store import Store
from labyard.core.tables import accounts
from labyard.core.tables import identities as table

LONGEST = 255  # characters of an issuer and of a subject


class Linked(LabyardError):
    """The identity belongs to an account already."""

    code = "linked"
    status = 409


class Identities:
    """The identities of an installation."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store = store
        self._seal = seal

    def known(self, identity: Identity) -> tuple[Bound, Account] | None:
        """Return the account that ``identity`` comes in as, if it is known."""
        with self._store.read() as connection:
            row = connection.execute(select(table).where(_is(*identity.key))).mappings().first()
            account = row and find_account(connection, row["account"])
            return (self._bound(row), account) if row and account else None

    def of(self, account: str) -> Sequence[Bound]:
        """Return what an account can come in by, besides its password."""
        query = select(table).where(table.c.account == account).order_by(table.c.id)
        with self._store.read() as connection:
            return [self._bound(row) for row in connection.execute(query).mappings()]

    def enrol(self, identity: Identity, name: str, state: State) -> Account | None:
        """Make an account for somebody new; None, and nothing is made, if the name is taken.

        An account that is to wait is not made either while too many wait already.
        """
        waiting = select(func.count()).where(accounts.c.state == State.PENDING)
        with self._store.write() as connection:
            if state is State.PENDING and (connection.scalar(waiting) or 0) >= MOST_PENDING:
                return None
            if not add_account(connection, name, state):
                return None
            connection.execute(insert(table).values(**self._row(identity, name)))
            return find_account(connection, name)

    def link(self, account: str, way: str, issuer: str, subject: str) -> Bound:
        """Let an identity come in as an account that exists.

        Raises
        ------
        NotFound
            When there is no such account.
        Linked
            When the identity belongs to an account already.
        """
        identity = Identity(way, issuer, subject, "")
        with self._store.write() as connection:
            if find_account(connection, account) is None:
                raise NotFound(
                    f"There is no account named {account}.", remedy="See the list of accounts."
                )
            row = connection.execute(select(table).where(_is(*identity.key))).mappings().first()
            if row is not None:
                raise Linked(
                    f"{subject} of {issuer or way} is linked to the account {row['account']}.",
                    remedy="Unlink it there first.",
                )
            values = {**self._row(identity, account), "told": None}
            connection.execute(insert(table).values(**values))
        return next(bound for bound in self.of(account) if bound.key == identity.key)

    def unlink(self, account: str, way: str, issuer: str, subject: str) -> None:
        """Let an identity come in no more.

        What it gave has to be taken away before: nobody knows afterwards that it was a gift.

        Raises
        ------
        NotFound
            When the account has no such identity.
        """
        with self._store.write() as connection:
            gone = connection.execute(
                delete(table).where(_is(way, issuer, subject), table.c.account == account)
            )
        if not gone.rowcount:
            raise NotFound(
                f"{account} has no identity {subject} of {issuer or way}.",
                remedy="Look at the account's identities.",
            )

    def heard(self, bound: Bound, identity: Identity, *, made_admin: bool) -> None:
        """Remember what the issuer has just said of somebody known, and whether it made an admin of them."""
        values = {**self._said(identity), "made_admin": made_admin}
        with self._store.write() as connection:
            connection.execute(update(table).where(table.c.id == bound.id).values(**values))

    def keep(self, bound: Bound, kept: str) -> None:
        """Remember what the way wants back, which is no word of the issuer about anybody."""
        values = {"kept": self._seal.close(kept)}
        with self._store.write() as connection:
            connection.execute(update(table).where(table.c.id == bound.id).values(**values))

    def disown(self, bound: Bound) -> None:
        """Forget that the issuer made an administrator of somebody."""
        with self._store.write() as connection:
            connection.execute(update(table).where(table.c.id == bound.id).values(made_admin=False))

    def _row(self, identity: Identity, account: str) -> dict[str, Any]:
        way, issuer, subject = identity.key
        key = {"way": way, "issuer": issuer, "subject": subject, "account": account}
        return {**key, "linked": _now(), "made_admin": False, **self._said(identity)}

    def _said(self, identity: Identity) -> dict[str, Any]:
        return {
            "name": identity.name[:LONGEST],
            "email": identity.email[:LONGEST],
            "kept": self._seal.close(identity.kept),
            "told": _now(),
        }

    def _bound(self, row: RowMapping) -> Bound:
        values = {name: row[name] for name in Bound.__dataclass_fields__}
        return Bound(**{**values, "kept": self._seal.open(row["kept"])})


def _is(way: str, issuer: str, subject: str) -> Any:
    return (table.c.way == way) & (table.c.issuer == issuer) & (table.c.subject == subject)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
