"""Whom a way's word lets in: a known identity always as its account, an unknown one never as another's."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from labyard.auth import usernames
from labyard.auth.accounts import Account, Accounts, State
from labyard.auth.ways.identities import LONGEST, Identities
from labyard.auth.ways.way import Bound, Identity, Welcome
from labyard.core.errors import Forbidden, LabyardError


class Waiting(LabyardError):
    """The account is made and waits for an administrator."""

    code = "waiting"
    status = 403

    def __init__(self, account: str) -> None:
        super().__init__(
            f"Your account {account} waits for an administrator.",
            remedy="You can sign in once it is approved.",
        )
        self.account = account


class NameTaken(Forbidden):
    """The name belongs to somebody else here, or to the same person by another way."""

    code = "name-taken"

    def __init__(self, name: str, identity: Identity) -> None:
        named = zip(("--way", "--issuer", "--subject"), identity.key, strict=True)
        parts = ["labyard", "users", "link", name, *(part for pair in named for part in pair)]
        self.link = shlex.join(parts)
        """What an administrator enters; what the provider says is quoted."""
        super().__init__(
            f"There is an account named {name} here already, and nothing says that it is yours.",
            remedy=f"If it is, ask an administrator to link it: {self.link}",
        )


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides who comes in. Calls block.

    ``objection`` says why a name cannot be one; ``listed`` raises for who is not on the site's list;
    ``kept`` is the first administrator's name, which no way gives away.
    """

    identities: Identities
    accounts: Accounts
    objection: Callable[[str], str]
    listed: Callable[[str, bool], None]
    kept: str

    def admit(self, identity: Identity, welcome: Welcome) -> tuple[Bound, Account]:
        """Return the account that ``identity`` comes in as, made now for somebody new.

        Raises
        ------
        NameTaken, Waiting, Forbidden
        """
        if not identity.subject or max(len(identity.issuer), len(identity.subject)) > LONGEST:
            raise Forbidden(
                "The provider does not say who you are in a way that can be kept.",
                remedy="Tell an administrator.",
            )
        bound, account = self.identities.known(identity) or self._enrol(identity, welcome)
        if account.state is State.PENDING:
            raise Waiting(account.name)
        if not account.approved:
            raise Forbidden(
                f"The account {account.name} was withdrawn.", remedy="Ask an administrator."
            )
        account = self.heard(bound, account, identity)
        self.listed(account.name, account.admin)
        return bound, account

    def heard(self, bound: Bound, account: Account, identity: Identity) -> Account:
        """Remember what the issuer says; give or take an administrator's rights if it says so.

        Rights that were given by hand, and the first administrator's, are not the issuer's to take.
        """
        may_take = bound.made_admin and account.name != self.kept
        gives = bool(identity.admin) and not account.admin
        takes = identity.admin is False and may_take and account.admin
        made = (bound.made_admin or gives) and identity.admin is not False
        self.identities.heard(bound, identity, made_admin=made)
        return self.accounts.set_admin(account.name, gives) if gives or takes else account

    def disown(self, bound: Bound, account: Account) -> Account:
        """Take away the administrator's rights that the issuer gave, because its word holds no more."""
        if not bound.made_admin:
            return account
        self.identities.disown(bound)
        if account.name == self.kept:
            return account
        return self.accounts.set_admin(account.name, False)

    def _enrol(self, identity: Identity, welcome: Welcome) -> tuple[Bound, Account]:
        name = usernames.normalize(identity.name.strip())
        if objection := self.objection(name):
            raise Forbidden(
                f"The provider calls you {identity.name[:64]!r}, which cannot be a name here."
                f" {objection}",
                remedy="Change it at the provider, or ask an administrator for an account to link.",
            )
        if name == self.kept:
            raise NameTaken(name, identity)
        at_once = welcome is Welcome.APPROVE or bool(identity.admin)
        if at_once:
            self.listed(name, bool(identity.admin))
        state = State.APPROVED if at_once else State.PENDING
        if self.identities.enrol(identity, name, state) is None:
            raise NameTaken(name, identity)
        known = self.identities.known(identity)
        if known is None:  # removed in the moment since
            raise NameTaken(name, identity)
        return known
