"""The ways to sign in that ask nobody else's page: a trusted proxy's header."""

from __future__ import annotations

from collections.abc import Iterator

from labyard.auth.ways.header import Elsewhere, HeaderWay, Rule
from labyard.auth.ways.way import Way, Welcome
from labyard.settings.header import HeaderSignIn
from labyard.wiring.installation import Installation


def doors(site: Installation) -> Iterator[Way]:
    """Yield those that the settings switch on."""
    auth = site.settings.auth
    if auth.header.name:
        yield _header(auth.header)


def _header(header: HeaderSignIn) -> HeaderWay:
    return HeaderWay(
        Rule(header.name, header.role_header, header.required_role),
        Elsewhere(header.missing_user_redirect, header.missing_role_redirect, header.sign_out),
        label=header.label,
        issuer=header.issuer,
        welcome=Welcome(header.new_accounts),
    )
