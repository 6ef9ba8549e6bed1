"""What a way to sign in is, and what it says of a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from labyard.core.errors import LabyardError


class Welcome(StrEnum):
    """What becomes of somebody whom this place does not know yet."""

    APPROVE = "approve"
    """A new account that may be used at once."""
    ASK = "ask"
    """A new account that waits for an administrator."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as a way says it at this moment.

    ``way``, ``issuer`` and ``subject`` together are the person, for good. Everything else may change.

    Parameters
    ----------
    way:
        The way's ``key``.
    issuer:
        Who vouches: the provider's or the directory's address; empty where the way has only one.
    subject:
        What the issuer tells people apart by, and never gives to another: not a name where it has more.
    name:
        What the account is called if it is a new one. It is normalised here, and refused if it is none.
    groups:
        The groups the issuer puts the person in; None where it does not say, which changes nothing.
    admin:
        Whether the issuer calls the person an administrator; None where it does not say.
    email:
        An address to show, if there is one. It decides nothing.
    kept:
        What :meth:`Way.ask` wants back, such as a refresh token. It is stored encrypted.
    """

    way: str
    issuer: str
    subject: str
    name: str
    groups: frozenset[str] | None = None
    admin: bool | None = None
    email: str = ""
    kept: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells it from every other one."""
        return self.way, self.issuer, self.subject


@dataclass(frozen=True, slots=True)
class Bound:
    """An identity and the account it comes in as. ``kept`` is what the way wanted back."""

    id: int
    way: str
    issuer: str
    subject: str
    account: str
    name: str = ""
    email: str = ""
    made_admin: bool = False
    kept: str = ""
    told: datetime | None = None
    """When the issuer last said anything, in UTC without a zone."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells the identity from every other one."""
        return self.way, self.issuer, self.subject


Keep = Callable[[str], Awaitable[None]]


class CannotAsk(LabyardError):
    """The way has no means to ask about somebody who is not there, or gets no answer."""

    code = "cannot-ask"
    status = 503


class NoLonger(LabyardError):
    """The issuer does not vouch for somebody any more: they have to sign in again."""

    code = "no-longer"
    status = 403


class Way:
    """One way to sign in.

    Parameters
    ----------
    key:
        What tells it from the others in addresses, on the command line and in stored identities. Another
        key is another way: people who came in by the old one are not known by the new one.
    label:
        What the sign-in page calls it.
    welcome:
        What becomes of somebody unknown.
    """

    asks_password = False
    """Whether it takes a name and a password from the sign-in page's form."""

    trusted_groups: frozenset[str] = frozenset()
    """Groups that it may give although they give power over the host: the settings name them."""

    def __init__(self, key: str, label: str, welcome: Welcome = Welcome.ASK) -> None:
        self.key = key
        self.label = label
        self.welcome = welcome

    def handlers(self) -> list[tuple[str, type]]:
        """Return the pages of this way, below ``/hub``. Called once, when the hub starts."""
        return []

    def address(self, hub: str) -> str:
        """Return where its button on the sign-in page leads, below the ``hub``'s own address.

        Empty where there is none. The page adds ``next`` to it.
        """
        return ""

    async def farewell(self, back: str) -> str:
        """Return where to go when somebody signs out who came in by this way; empty for nowhere.

        ``back`` is the sign-in page's whole address.
        """
        return ""

    async def check(self, handler: Any, name: str, password: str) -> Identity | None:
        """Return who it is, None if name and password do not belong together.

        Called for a way that ``asks_password``, behind the throttle.

        Raises
        ------
        LabyardError
            When it cannot be said: then nobody comes in by this way.
        """
        raise NotImplementedError

    async def ask(self, bound: Bound, keep: Keep) -> Identity:
        """Return what the issuer says by now of somebody who is not there. Called before each start.

        ``keep`` stores at once what it wants back the next time, however this time ends.

        Raises
        ------
        CannotAsk
            When it cannot be asked.
        LabyardError
            When it does not vouch for the person any more: NoLonger, or what else would refuse a sign-in.
        """
        raise CannotAsk(f"{self.label} cannot be asked.")
