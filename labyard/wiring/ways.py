"""The ways to sign in that the settings switch on."""

from __future__ import annotations

from labyard.auth.ways.way import Way
from labyard.auth.ways.ways import Ways
from labyard.policies.book import PRIVILEGED, Book
from labyard.settings.auth import Auth


def ways(auth: Auth, key: bytes, policies: Book) -> Ways:
    """Return them in the order of the sign-in page; ``key`` encrypts what they keep."""

    def privileged(groups: frozenset[str]) -> frozenset[str]:
        given = policies.of(groups)
        sockets = {group for group, policy in given.items() if policy.docker not in (None, "none")}
        return frozenset(sockets | (groups & {PRIVILEGED}))

    switched_on: list[Way] = []
    return Ways(switched_on, password=auth.password, key=key, privileged=privileged)
