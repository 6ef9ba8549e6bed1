"""Sign-in by a header that a trusted proxy sets.

The edge takes such a header off of everybody else's requests, and the hub forgets what the edge does not
vouch for (``edge.vouching``): what is read here was written by the proxy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jupyterhub.utils import url_path_join

from labyard.auth import recording
from labyard.auth.ways.arrival import Arrival
from labyard.auth.ways.way import Identity, Way, Welcome
from labyard.core.errors import LabyardError

KEY = "header"
_PATH = "/ways/header"


class NotNamed(LabyardError):
    """The proxy does not say who somebody is, or says it twice."""

    code = "not-named"
    status = 401


class RoleMissing(LabyardError):
    """Somebody has not the role that this place asks for."""

    code = "role-missing"
    status = 403

    def __init__(self, subject: str, role: str) -> None:
        super().__init__(
            f"{subject[:64]} may not use this place: it asks for the role {role}.",
            remedy="Ask whoever gives out roles at your institution.",
        )
        self.subject = subject


class Headers(Protocol):
    """A request's headers."""

    def get_list(self, name: str) -> Sequence[str]:
        """Return the values of a header, one for each time it was sent."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a request must say. ``name`` is a header; of ``role_header``, ``role`` must be an item."""

    name: str
    role_header: str = ""
    role: str = ""

    def subject(self, headers: Headers) -> str:
        """Return who it is: the header's value, trimmed and in lower case.

        Raises
        ------
        NotNamed, RoleMissing
        """
        said = [value.strip().lower() for value in headers.get_list(self.name)]
        if len(said) != 1 or not said[0]:
            raise NotNamed(
                "The way you came by does not say who you are.",
                remedy="Come by the address that your institution gave you, or tell an administrator.",
            )
        roles = headers.get_list(self.role_header) if self.role_header else []
        if self.role and not (len(roles) == 1 and self.role in roles[0].split(";")):
            raise RoleMissing(said[0], self.role)
        return said[0]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Addresses that people are sent to; empty where they are told instead."""

    missing_user: str = ""
    missing_role: str = ""
    sign_out: str = ""


class HeaderWay(Way):
    """What a trusted proxy says."""

    def __init__(
        self, rule: Rule, elsewhere: Elsewhere, *, label: str, issuer: str, welcome: Welcome
    ) -> None:
        super().__init__(KEY, label, welcome)
        self.rule = rule
        self.elsewhere = elsewhere
        self._issuer = issuer

    def handlers(self) -> list[tuple[str, type]]:
        """Return the page on which people arrive."""
        return [(_PATH, HeaderArrival)]

    def address(self, hub: str) -> str:
        """Return that page's address."""
        return str(url_path_join(hub, _PATH))

    async def farewell(self, back: str) -> str:
        """Return where the session at the proxy ends."""
        return self.elsewhere.sign_out

    def recognise(self, headers: Headers) -> Identity:
        """Return who a request says it is.

        Raises
        ------
        NotNamed, RoleMissing
        """
        subject = self.rule.subject(headers)
        return Identity(self.key, self._issuer, subject, subject)


class HeaderArrival(Arrival):
    """Signs in whom the proxy names."""

    async def get(self) -> None:
        """Come in, or be told why not, or be sent where the settings say."""
        way = self.authenticator.ways.get(KEY)
        try:
            identity = way.recognise(self.request.headers)
        except NotNamed as error:
            await self._send("", error, way.elsewhere.missing_user)
        except RoleMissing as error:
            await self._send(error.subject, error, way.elsewhere.missing_role)
        else:
            await self.come_in(identity)

    async def _send(self, name: str, error: LabyardError, address: str) -> None:
        recording.refused(self.authenticator.audit, self, name, recording.way(KEY), error)
        if address:
            self.redirect(address)
        else:
            await self.refuse(error)
