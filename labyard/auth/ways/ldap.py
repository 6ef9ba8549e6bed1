"""Sign-in with name and password of a directory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from labyard.auth.ways.directory import Directory, Person
from labyard.auth.ways.way import Bound, CannotAsk, Identity, Keep, NoLonger, Way, Welcome

KEY = "ldap"
# A directory that hangs holds up those who ask it, and nothing else of the hub.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Rights:
    """What the directory's groups mean here: its names to ours, and whose members are administrators."""

    groups: Mapping[str, str] = field(default_factory=dict)
    admin_group: str = ""


class LdapWay(Way):
    """One directory."""

    asks_password = True

    def __init__(
        self, directory: Directory, rights: Rights, *, label: str, welcome: Welcome
    ) -> None:
        super().__init__(KEY, label, welcome)
        self.trusted_groups = frozenset(rights.groups.values())
        self._directory = directory
        self._rights = rights
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="directory")

    async def check(self, handler: Any, name: str, password: str) -> Identity | None:
        """Return who it is, None if the directory does not know them by this password."""
        person = await self._run(self._directory.sign_in, name, password)
        return None if person is None else self._identity(person)

    async def ask(self, bound: Bound, keep: Keep) -> Identity:
        """Return what the directory says by now of somebody."""
        if not self._directory.looks_up:
            raise CannotAsk(f"{self.label} tells of people only when they sign in.")
        person = await self._run(self._directory.look_up, bound.subject)
        if person is None:
            raise NoLonger(
                f"{self.label} does not know you any more.", remedy="Ask an administrator."
            )
        return self._identity(person)

    def _identity(self, person: Person) -> Identity:
        groups, rights = person.groups, self._rights
        ours = None
        if groups is not None:
            ours = frozenset(rights.groups[name] for name in groups if name in rights.groups)
        admin = None
        if groups is not None and rights.admin_group:
            admin = rights.admin_group in groups
        issuer = self._directory.place.issuer
        return Identity(self.key, issuer, person.subject, person.name, groups=ours, admin=admin)

    async def _run(self, work: Any, *arguments: str) -> Person | None:
        loop = asyncio.get_running_loop()
        found: Person | None = await loop.run_in_executor(self._threads, work, *arguments)
        return found
