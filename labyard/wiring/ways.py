"""The ways to sign in that the settings switch on."""

from __future__ import annotations

from collections.abc import Iterator

from labyard.auth.ways.oidc import Oidc
from labyard.auth.ways.presets import resolve
from labyard.auth.ways.way import Way
from labyard.auth.ways.ways import Ways
from labyard.policies.book import PRIVILEGED, Book
from labyard.wiring import provider_files
from labyard.wiring.doors import doors
from labyard.wiring.installation import Installation


def ways(site: Installation, policies: Book) -> Ways:
    """Return them in the order of the sign-in page.

    Raises
    ------
    SettingsError
        When a file that a way needs cannot be read.
    """

    def privileged(groups: frozenset[str]) -> frozenset[str]:
        given = policies.of(groups)
        sockets = {group for group, policy in given.items() if policy.docker not in (None, "none")}
        return frozenset(sockets | (groups & {PRIVILEGED}))

    return Ways(
        switched_on(site),
        password=site.settings.auth.password,
        key=site.derived("ways"),
        privileged=privileged,
    )


def switched_on(site: Installation) -> Iterator[Way]:
    """Yield the ways besides a password.

    Raises
    ------
    SettingsError
    """
    for number, provider in enumerate(site.settings.auth.oidc):
        # The first one's address is the one that every guide names; it stays when others come.
        callback = "/oauth_callback" + (f"/{provider.key}" if number else "")
        yield Oidc(
            resolve(
                provider,
                secret=provider_files.secret(site, provider),
                ca=provider_files.ca(site, provider),
            ),
            callback=callback,
        )
    yield from doors(site)
