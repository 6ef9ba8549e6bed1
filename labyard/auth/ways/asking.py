"""What ways say of somebody before a lab starts: what was taken away meanwhile holds from then on."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from labyard.audit.requests import Requests
from labyard.auth import hub_users, recording
from labyard.auth.accounts import Account
from labyard.auth.ways import memberships
from labyard.auth.ways.admission import Admission
from labyard.auth.ways.way import Bound, CannotAsk, Identity, NoLonger, Way
from labyard.auth.ways.ways import Ways
from labyard.core.errors import LabyardError

log = logging.getLogger(__name__)

# How long the issuer's last word is good for a group with power over the host, if it cannot be asked.
FRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class Asking:
    """Asks every way that somebody can come in by, one start after the other."""

    ways: Ways
    admission: Admission
    audit: Requests | None = None
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def before_start(self, user: Any) -> None:
        """Bring groups and rights of a user of the hub up to date with what the issuers say by now.

        Of an issuer that cannot be asked the last word holds, but not for groups with power over the
        host when it is older than :data:`FRESH`. A way that was switched off gives nothing.

        Raises
        ------
        LabyardError
            When an issuer does not vouch for somebody any more who has no password either.
        """
        turn = self._turns.setdefault(user.name, asyncio.Lock())
        async with turn:
            for bound in await asyncio.to_thread(self.admission.identities.of, user.name):
                await self._one(user, bound)

    async def _one(self, user: Any, bound: Bound) -> None:
        way = self.ways.get(bound.way)
        if way is None:
            await self.withdraw(user, bound)
            return
        try:
            identity = await self._asked(way, bound)
        except CannotAsk as error:
            await self._distrust(user, bound, error)
        except LabyardError as error:
            await self.withdraw(user, bound)
            account = await asyncio.to_thread(self.admission.accounts.get, user.name)
            log.warning("%s does not vouch for %s any more: %s", way.label, user.name, error)
            if account.password is None:
                raise
        else:
            await self._heard(user, bound, way, identity)

    async def _asked(self, way: Way, bound: Bound) -> Identity:
        try:
            identity = await way.ask(bound, partial(self._keep, bound))
        except LabyardError:
            raise
        except Exception as error:
            log.exception("Could not ask %s about %s", way.label, bound.account)
            raise CannotAsk(f"{way.label} cannot be asked.") from error
        if identity.key != bound.key:
            raise NoLonger(f"{way.label} speaks of somebody else by now.", remedy="Sign in again.")
        return identity

    async def _keep(self, bound: Bound, kept: str) -> None:
        await asyncio.to_thread(self.admission.identities.keep, bound, kept)

    async def give(self, user: Any, bound: Bound, way: Way, groups: frozenset[str] | None) -> None:
        """Put a user of the hub into the groups that a way says; None is no word."""
        if groups is not None:
            said = await asyncio.to_thread(self.ways.may_give, way, groups)
            self._tell(user, memberships.give(user, bound.id, said), way.key)

    async def _heard(self, user: Any, bound: Bound, way: Way, identity: Identity) -> None:
        await self.give(user, bound, way, identity.groups)
        before = await asyncio.to_thread(self.admission.accounts.get, user.name)
        after = await asyncio.to_thread(self.admission.heard, bound, before, identity)
        self._agree(user, before, after)

    async def withdraw(self, user: Any, bound: Bound) -> None:
        """Take away what an identity gave a user of the hub."""
        self._tell(user, memberships.give(user, bound.id, ()), bound.way)
        before = await asyncio.to_thread(self.admission.accounts.get, user.name)
        after = await asyncio.to_thread(self.admission.disown, bound, before)
        self._agree(user, before, after)

    async def _distrust(self, user: Any, bound: Bound, error: CannotAsk) -> None:
        if _fresh(bound):
            return
        given = memberships.given(user, bound.id)
        if risky := await asyncio.to_thread(self.ways.privileged, given):
            log.warning("%s keeps no %s: %s", user.name, sorted(risky), error)
            left = memberships.given(user, bound.id) - risky
            self._tell(user, memberships.give(user, bound.id, left), bound.way)

    def _agree(self, user: Any, before: Account, after: Account) -> None:
        if before.admin != after.admin:
            hub_users.set_admin(user, after.admin)
            recording.admin_told(self.audit, user.name, after.admin)

    def _tell(self, user: Any, change: memberships.Change, way: str) -> None:
        """Say what a way's word changed, in the log and in the audit."""
        recording.told(self.audit, user.name, change)
        _log(user, change, way)


def _log(user: Any, change: memberships.Change, way: str) -> None:
    for words, groups in (("joins", change.join), ("leaves", change.leave)):
        if groups:
            log.info("%s %s %s: so says %s", user.name, words, sorted(groups), way)


def _fresh(bound: Bound) -> bool:
    now = datetime.now(UTC).replace(tzinfo=None)
    return bound.told is not None and timedelta(0) <= now - bound.told < FRESH
