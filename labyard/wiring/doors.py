"""The ways to sign in that need no other page: a trusted proxy's header, and a directory."""

from __future__ import annotations

from collections.abc import Iterator

from labyard.auth.ways.header import Elsewhere, HeaderWay, Rule
from labyard.auth.ways.way import Way, Welcome
from labyard.settings.header import HeaderSignIn
from labyard.wiring import provider_files
from labyard.wiring.installation import Installation


def doors(site: Installation) -> Iterator[Way]:
    """Yield those that the settings switch on.

    Raises
    ------
    SettingsError
        When a file that one needs cannot be read.
    """
    auth = site.settings.auth
    if auth.header.name:
        yield _header(auth.header)
    if auth.ldap.server:
        yield _ldap(site)


def _header(header: HeaderSignIn) -> HeaderWay:
    return HeaderWay(
        Rule(header.name, header.role_header, header.required_role),
        Elsewhere(header.missing_user_redirect, header.missing_role_redirect, header.sign_out),
        label=header.label,
        issuer=header.issuer,
        welcome=Welcome(header.new_accounts),
    )


def _ldap(site: Installation) -> Way:
    # Only sites with a directory have its libraries in memory.
    from labyard.auth.ways.directory import Directory, Place  # noqa: PLC0415
    from labyard.auth.ways.ldap import LdapWay, Rights  # noqa: PLC0415

    ldap = site.settings.auth.ldap
    place = Place(
        server=ldap.server,
        user_base=ldap.user_base,
        user_dn=ldap.user_dn,
        bind_dn=ldap.bind_dn,
        bind_password=provider_files.ldap_password(site),
        start_tls=ldap.start_tls,
        ca=provider_files.ldap_ca(site),
        user_attribute=ldap.user_attribute,
        user_filter=ldap.user_filter,
        subject_attribute=ldap.subject_attribute,
        group_base=ldap.group_base,
        group_attribute=ldap.group_attribute,
        member_attribute=ldap.member_attribute,
    )
    return LdapWay(
        Directory(place),
        Rights(ldap.groups, ldap.admin_group),
        label=ldap.label,
        welcome=Welcome(ldap.new_accounts),
    )
