"""A directory: who somebody is there, and which groups they are in. Calls block.

Binding and looking people up is ``ldapauthenticator``'s; bounded in time here, and closed in the end.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import ldap3
from ldap3.core.exceptions import LDAPBindError, LDAPException
from ldap3.utils.conv import escape_bytes, escape_filter_chars
from ldap3.utils.dn import escape_rdn
from ldapauthenticator import LDAPAuthenticator

from labyard.auth.ways.way import CannotAsk

_CONNECT, _ANSWER = 5, 10  # seconds
_GUID = "objectguid"  # kept as text, looked for as bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a directory is and what it is made of; see ``settings.ldap`` for each."""

    server: str
    user_base: str = ""
    user_dn: str = ""
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    start_tls: bool = True
    ca: str = ""
    user_attribute: str = "uid"
    user_filter: str = ""
    subject_attribute: str = "entryUUID"
    group_base: str = ""
    group_attribute: str = "cn"
    member_attribute: str = "member"

    @property
    def issuer(self) -> str:
        """Return what vouches: the server, and the part of it that people are in."""
        return f"{self.server}/{self.user_base or self.user_dn.partition(',')[2]}".lower()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a directory. ``groups`` are called as they are there; None where nobody looks."""

    subject: str
    name: str
    groups: frozenset[str] | None


def subject_filter(attribute: str, subject: str) -> str:
    """Return the filter that finds somebody by what stays with them."""
    if attribute.lower() == _GUID:
        return f"({attribute}={escape_bytes(UUID(subject).bytes_le)})"
    return f"({attribute}={escape_filter_chars(subject)})"


def both(one: str, other: str) -> str:
    """Return a filter that takes what two take; either may be empty."""
    return f"(&{one}{other})" if one and other else one or other


class Directory:
    """One directory."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def looks_up(self) -> bool:
        """Return whether somebody can be looked up who is not there."""
        return bool(self.place.bind_dn)

    def sign_in(self, name: str, password: str) -> Person | None:
        """Return who ``name`` is, None if the password is not theirs or there is no such person.

        Raises
        ------
        CannotAsk
            When the directory does not answer, or not to the account that looks people up.
        """
        # A bind with a name and no password succeeds, as nobody in particular (RFC 4513, 5.1.2).
        if not name.strip() or not password.strip() or "\0" in name + password:
            return None
        with _engine(self.place) as engine:
            if self.looks_up:
                _, dn = engine.resolve_username(name)
            else:
                dn = self.place.user_dn.format(username=escape_rdn(name))
            connection = engine.get_connection(dn, password) if dn else None
            if connection is None:
                return None
            reader = self._service(engine) if self.looks_up else connection
            found = self._search(reader, dn, ldap3.BASE, both("(objectClass=*)", self._who))
            return self._person(found[0], reader) if found else None

    def look_up(self, subject: str) -> Person | None:
        """Return who ``subject`` is by now, None if nobody is.

        Raises
        ------
        CannotAsk
        """
        place = self.place
        with _engine(place) as engine:
            service = self._service(engine)
            if place.subject_attribute:
                wanted = both(subject_filter(place.subject_attribute, subject), self._who)
                found = self._search(service, place.user_base, ldap3.SUBTREE, wanted)
            else:
                wanted = both("(objectClass=*)", self._who)
                found = self._search(service, subject, ldap3.BASE, wanted)
            return self._person(found[0], service) if len(found) == 1 else None

    @property
    def _who(self) -> str:
        return self.place.user_filter

    def _service(self, engine: _Engine) -> Any:
        return engine.get_connection(self.place.bind_dn, self.place.bind_password)

    def _search(self, connection: Any, base: str, scope: str, wanted: str) -> list[Any]:
        place = self.place
        attributes = [name for name in (place.user_attribute, place.subject_attribute) if name]
        return _search(connection, base, scope, wanted, attributes)

    def _person(self, entry: Any, reader: Any) -> Person:
        place, said = self.place, entry.entry_raw_attributes
        name, subject = _first(said, place.user_attribute), entry.entry_dn.lower()
        if place.subject_attribute:
            subject = _first(said, place.subject_attribute)
            if not subject.isprintable():
                subject = ""
        if not name or not subject:
            wanted = " and ".join(filter(None, (place.user_attribute, place.subject_attribute)))
            raise CannotAsk(
                f"The directory does not say {wanted} of {entry.entry_dn} as text.",
                remedy="Tell an administrator: auth.ldap.subject_attribute may have to be another one,"
                " such as entryUUID or objectGUID.",
            )
        groups = self._groups(reader, entry.entry_dn, name) if place.group_base else None
        return Person(subject, name, groups)

    def _groups(self, connection: Any, dn: str, name: str) -> frozenset[str]:
        place = self.place
        member = name if place.member_attribute.lower() == "memberuid" else dn
        wanted = f"({place.member_attribute}={escape_filter_chars(member)})"
        found = _search(
            connection, place.group_base, ldap3.SUBTREE, wanted, [place.group_attribute]
        )
        names = (_first(entry.entry_raw_attributes, place.group_attribute) for entry in found)
        return frozenset(name for name in names if name)


class _Engine(LDAPAuthenticator):
    """ldapauthenticator's, with connections that end, and with an error where it shrugs."""

    place: Place
    opened: list[Any]

    def get_connection(self, userdn: str, password: str) -> Any:
        """Return a connection bound to ``userdn``, None if the password is not that one's.

        Raises
        ------
        CannotAsk
            When the account that looks people up is refused.
        """
        secure = self.place.server.startswith("ldaps:")
        url = urlsplit(self.place.server)
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=self.place.ca or None)
        server = ldap3.Server(
            url.hostname,
            url.port,
            use_ssl=secure,
            tls=tls,
            connect_timeout=_CONNECT,
            get_info=ldap3.NONE,
        )
        turn = not secure and self.place.start_tls
        connection = ldap3.Connection(
            server,
            user=userdn,
            password=password,
            auto_referrals=False,  # a password goes to this server and no other
            receive_timeout=_ANSWER,
            read_only=True,
        )
        self.opened.append(connection)
        try:
            connection.open()
            if turn and not connection.start_tls():
                raise LDAPException("it does not turn to TLS")
            bound = connection.bind()
        except LDAPBindError:
            bound = False
        if not bound and userdn == self.place.bind_dn:
            raise CannotAsk(
                "The directory refuses the account that looks people up.",
                remedy="Tell an administrator: auth.ldap.bind_dn or its password is wrong.",
            )
        return connection if bound else None


@contextmanager
def _engine(place: Place) -> Iterator[_Engine]:
    """Give what binds and looks up; whatever it opened is closed in the end."""
    engine = _Engine(
        server_address=urlsplit(place.server).hostname,
        lookup_dn=bool(place.bind_dn),
        lookup_dn_search_user=place.bind_dn,
        lookup_dn_search_password=place.bind_password,
        lookup_dn_search_filter=both(
            "({login_attr}={login})", place.user_filter.replace("{", "{{").replace("}", "}}")
        ),
        lookup_dn_user_dn_attribute=place.user_attribute,
        user_search_base=place.user_base,
        user_attribute=place.user_attribute,
        bind_dn_template=[place.user_dn] if place.user_dn else [],
    )
    engine.place, engine.opened = place, []
    try:
        yield engine
    except LDAPException as error:
        engine.log.error("The directory %s: %s", place.server, error)
        raise CannotAsk(
            "The directory does not answer as it should.",
            remedy="Try again in a minute; if it stays so, tell an administrator.",
        ) from error
    finally:
        for connection in engine.opened:
            _close(connection)


def _close(connection: Any) -> None:
    with suppress(LDAPException):
        connection.unbind()


def _search(
    connection: Any, base: str, scope: str, wanted: str, attributes: list[str]
) -> list[Any]:
    """Return the entries found.

    Raises
    ------
    LDAPException
        When the directory refuses to look, or has found more than it tells.
    """
    connection.search(base, wanted, search_scope=scope, attributes=attributes)
    if connection.result["description"] not in {"success", "noSuchObject"}:
        raise LDAPException(f"looking below {base!r}: {connection.result['description']}")
    return list(connection.entries)


def _first(said: Mapping[str, Any], attribute: str) -> str:
    """Return the first value of an attribute as text, however the attribute is spelled.

    Empty where there is none, or one that is no text: two of those must never look alike.
    """
    values = next((said[name] for name in said if name.lower() == attribute.lower()), None)
    if not values:
        return ""
    if attribute.lower() == _GUID:
        return str(UUID(bytes_le=values[0]))
    try:
        return bytes(values[0]).decode()
    except UnicodeDecodeError:
        return ""
