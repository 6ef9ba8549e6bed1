"""Sign-in with a directory: LDAP, Active Directory among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, model_validator

from labyard.settings.groups import GroupName
from labyard.settings.kinds import Flag, HostPath, Line, Written
from labyard.settings.section import Clash, Disagreement, Section, option

_SERVER = "an address such as ldaps://ldap.example.org or ldap://ldap.example.org:389, or empty"


def _server(value: str) -> str:
    try:
        url = urlsplit(value)
        good = url.scheme in {"ldap", "ldaps"} and url.hostname and url.port != 0
    except ValueError:
        good = False
    if value and (not good or url.path.strip("/") or re.search(r"[\s?#@]", value)):
        raise ValueError(f"must be {_SERVER}")
    return value.rstrip("/")


Server = Annotated[str, AfterValidator(_server), Written(_SERVER)]
_ATTRIBUTE = "the name of an attribute such as uid"


def _attribute(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", value):
        raise ValueError(f"must be {_ATTRIBUTE}")
    return value


Attribute = Annotated[str, AfterValidator(_attribute), Written(_ATTRIBUTE)]


class Directory(Section):
    """Sign-in with name and password of a directory."""

    server: Server = option(
        "",
        "Its address. ldaps:// speaks TLS from the start, ldap:// turns to TLS (StartTLS) before"
        " anything is said. Empty switches this way off.",
    )
    start_tls: Flag = option(
        True, "Whether ldap:// turns to TLS; only for a server on this machine may it be false."
    )
    ca: HostPath = option(
        "", "File with the certificates to trust for it, instead of this machine's own."
    )
    label: Line = option("the directory", "What the sign-in page calls it.", max_length=40)
    bind_dn: Line = option(
        "", "Account that looks people up, such as cn=labyard,dc=example,dc=org."
    )
    bind_password_file: HostPath = option(
        "",
        "File with that account's password, relative to the settings file; only its owner should be able"
        " to read it.",
    )
    user_dn: Line = option(
        "",
        "Without such an account: where people are, as uid={username},ou=people,dc=example,dc=org."
        " Groups are then read when somebody signs in, and not at each start.",
    )
    user_base: Line = option("", "Where to look for people, such as ou=people,dc=example,dc=org.")
    user_attribute: Attribute = option(
        "uid", "Attribute with the name that people type; Active Directory's is sAMAccountName."
    )
    user_filter: Line = option("", "Filter of who may come in, such as (objectClass=person).")
    subject_attribute: Attribute = option(
        "entryUUID",
        "Attribute that stays with a person for good; Active Directory's is objectGUID. Empty takes the"
        " place in the directory (DN), which a move changes.",
    )
    group_base: Line = option(
        "", "Where to look for groups; empty leaves groups to administrators."
    )
    group_attribute: Attribute = option("cn", "Attribute with a group's name.")
    member_attribute: Attribute = option(
        "member", "Attribute with a group's members: their DNs, or their names in memberUid."
    )
    groups: dict[Line, GroupName] = option(
        dict, "What the directory's groups are called here. Others are left out."
    )
    admin_group: Line = option(
        "",
        "Group of the directory whose members are administrators here, and only as long as they are.",
    )
    new_accounts: Literal["approve", "ask"] = option(
        "ask",
        "What becomes of somebody new: approve lets them in, ask makes them wait for an administrator.",
    )

    @model_validator(mode="after")
    def _whole(self) -> Directory:
        if self.server and (found := list(self._lacking())):
            raise Disagreement(found)
        return self

    def _lacking(self) -> Iterator[Clash]:
        def lacks(names: str, sentence: str) -> Clash:
            paths = (*names.split(), "server")
            return tuple(f"auth.ldap.{name}" for name in paths), f"auth.ldap: {sentence}"

        if bool(self.bind_dn) == bool(self.user_dn):
            yield lacks("bind_dn user_dn", "give one of bind_dn and user_dn")
        if bool(self.bind_dn) != bool(self.bind_password_file):
            yield lacks(
                "bind_dn bind_password_file", "bind_dn and bind_password_file need each other"
            )
        if self.bind_dn and not self.user_base:
            yield lacks("user_base bind_dn", "bind_dn needs a user_base to look for people in")
        if self.user_dn and not re.fullmatch(r"[^{}]*\{username\}[^{}]*", self.user_dn):
            yield lacks("user_dn", "user_dn needs {username} in it, once, and no other braces")
        if (self.groups or self.admin_group) and not self.group_base:
            yield lacks(
                "group_base", "groups and admin_group need a group_base to look for them in"
            )
        if not self.start_tls and not self._here:
            yield lacks("start_tls", "start_tls is false, but server is another machine")

    @property
    def _here(self) -> bool:
        host = urlsplit(self.server).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"
