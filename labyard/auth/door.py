"""Who comes in: a name and a password against the accounts, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from labyard.auth import passwords as rules
from labyard.auth import usernames
from labyard.auth.accounts import Account, Accounts
from labyard.auth.kept import Kept
from labyard.auth.limits import Limits
from labyard.auth.passwords import Passwords
from labyard.auth.throttle import Key, Throttle, alike, network
from labyard.core.addresses import host
from labyard.core.errors import LabyardError, Refused


@dataclass(frozen=True, slots=True)
class Caller:
    """Where an attempt comes from.

    ``known`` names a browser that was signed in to this account before. It has a bucket of its own,
    so that nobody else's failures keep its owner out.
    """

    address: str
    known: str = ""


@dataclass(slots=True)
class Attempt:
    """One attempt that is counted until it turns out to be good."""

    was_good: bool = False

    def good(self) -> None:
        """Take it back."""
        self.was_good = True


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about sign-in. ``window`` is in seconds.

    ``admin`` is the first administrator's name. It may be a reserved one, and nobody can ask for it.
    Unless ``everyone`` has a password, only administrators do.
    """

    admin: str = "admin"
    everyone: bool = True
    email_names: bool = False
    min_password: int = 12
    per_address: int = 20
    per_name: int = 10
    window: float = 300.0


class Door:
    """Signs people in, takes requests for accounts and lets people set their passwords."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        rules: Rules,
        *,
        secret: bytes = b"",
        began: float = 0.0,
    ) -> None:
        """Take what it works with; see ``Throttle`` for the ``secret``, ``Limits`` for ``began``."""
        self.accounts = accounts
        self.passwords = passwords
        self.rules = rules
        self.limits = Limits(
            Throttle(rules.window, secret=secret), Kept(accounts.store, rules.window), began
        )

    async def sign_in(self, name: str, password: str, caller: Caller) -> Account | None:
        """Return the account if it may come in; None tells nothing about why not.

        Raises
        ------
        TooMany, Overloaded
        """
        name = usernames.normalize(name)
        async with self.attempt(name, caller) as attempt:
            account = None if self.name_objection(name) else await _thread(self.accounts.find, name)
            good = await self.passwords.verify(account.password if account else None, password)
            if account is None or not good or not self._may_come_in(account):
                return None
            attempt.good()
        await self._refresh_hash(account, password)
        return account

    @asynccontextmanager
    async def attempt(self, name: str, caller: Caller) -> AsyncIterator[Attempt]:
        """Count an attempt to come in as ``name``, whatever it is checked against.

        One that nobody could check does not count.

        Raises
        ------
        TooMany
        """
        keys = self._keys(alike(name), caller)
        await self.limits.enter(*keys)
        attempt = Attempt()
        try:
            yield attempt
        except LabyardError as error:
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                attempt.good()
            raise
        finally:
            (self.limits.forgive if attempt.was_good else self.limits.keep)(*keys)

    async def request(self, name: str, password: str, caller: Caller) -> None:
        """Ask for an account. A name that is taken looks and takes the same.

        Raises
        ------
        Refused
            When the name or the password breaks the rules that everybody can read.
        TooMany, Overloaded
        """
        name = usernames.normalize(name)
        self._demand(self.name_objection(name))
        if name == self.rules.admin:
            raise Refused(
                "This name is kept for the first administrator.",
                remedy="Choose another one, or use the secret that `labyard up` printed.",
            )
        self._demand(self.password_objection(password, name))
        await self._count("request", caller)
        await _thread(self.accounts.request, name, await self.passwords.hash(password))

    async def redeem(self, name: str, code: str, password: str, caller: Caller) -> Account | None:
        """Set a password with a one-time code; return the account, None if the code is no good.

        A good code is always taken, however many bad ones came before: 100 bits cannot be guessed.

        Raises
        ------
        Refused
            When the password breaks the rules.
        TooMany, Overloaded
        """
        name = usernames.normalize(name)
        self._demand(self.password_objection(password, name))
        account = await _thread(self.accounts.find, name)
        if account is None or not self._may_come_in(account) or not account.accepts(code):
            await self._count("code", caller)
            return None
        encoded = await self.passwords.hash(password)
        return account if await _thread(self.accounts.redeem, name, code, encoded) else None

    async def change_password(self, name: str, old: str, new: str, caller: Caller) -> bool:
        """Change one's own password; return whether the old one was right.

        Raises
        ------
        Refused
            When the new password breaks the rules.
        TooMany, Overloaded
        """
        self._demand(self.password_objection(new, name))
        if old == new:
            raise Refused("The new password is the old one.", remedy="Choose another one.")
        if await self.sign_in(name, old, caller) is None:
            return False
        await _thread(self.accounts.set_password, name, await self.passwords.hash(new))
        return True

    def name_objection(self, name: str) -> str:
        """Return why a normalised name cannot be used; empty when it can."""
        return usernames.objection(name, email=self.rules.email_names, kept=self.rules.admin)

    def password_objection(self, password: str, name: str) -> str:
        """Return why a password cannot be used; empty when it can."""
        return rules.objection(password, name=name, shortest=self.rules.min_password)

    def _may_come_in(self, account: Account) -> bool:
        return account.approved and (self.rules.everyone or account.admin)

    def _keys(self, name: str, caller: Caller) -> list[Key]:
        if caller.known:
            return [Key("known", f"{name} {caller.known}", self.rules.per_name)]
        return [
            Key("address", host(caller.address), self.rules.per_address),
            Key("name", f"{network(caller.address)} {name[:64]}", self.rules.per_name),
        ]

    async def _count(self, kind: str, caller: Caller) -> None:
        """Count what an address may do so often, whatever comes of it."""
        key = Key(kind, host(caller.address), self.rules.per_address)
        await self.limits.enter(key)
        self.limits.keep(key)

    async def _refresh_hash(self, account: Account, password: str) -> None:
        if account.password and self.passwords.outdated(account.password):
            encoded = await self.passwords.hash(password)
            await _thread(self.accounts.rehash, account.name, account.password, encoded)

    @staticmethod
    def _demand(objection: str) -> None:
        if objection:
            raise Refused(objection, remedy="Choose another one.")


_thread = asyncio.to_thread
