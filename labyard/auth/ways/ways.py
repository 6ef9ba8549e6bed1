"""The ways that the settings switch on, and what they need of the rest of the house."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence

from labyard.auth.ways.sealed import Seal
from labyard.auth.ways.way import Way
from labyard.core.errors import Refused

log = logging.getLogger(__name__)


def _none(_groups: frozenset[str]) -> frozenset[str]:
    return frozenset()


class Ways:
    """The ways to sign in besides a password.

    Parameters
    ----------
    ways:
        In the order of the sign-in page.
    password:
        Whether everybody may sign in with a password; without it only administrators may.
    key:
        32 bytes that what ways keep is encrypted with.
    privileged:
        Tells which of some groups give power over the host. Nobody keeps those on an old word.
    """

    def __init__(
        self,
        ways: Iterable[Way] = (),
        *,
        password: bool = True,
        key: bytes = b"",
        privileged: Callable[[frozenset[str]], frozenset[str]] = _none,
    ) -> None:
        self._ways = {way.key: way for way in ways}
        self.password = password
        self.seal = Seal(key or secrets.token_bytes(32))
        self.privileged = privileged

    def __iter__(self) -> Iterator[Way]:
        return iter(self._ways.values())

    def get(self, key: str) -> Way | None:
        """Return the way of that key, None if it is not switched on."""
        return self._ways.get(key)

    def asking_password(self, key: str) -> Way:
        """Return the way that a form with name and password was sent to.

        Raises
        ------
        Refused
            When there is none, or it takes no password.
        """
        way = self._ways.get(key)
        if way is None or not way.asks_password:
            raise Refused(
                f"There is no way to sign in named {key[:32]!r}.", remedy="Reload the page."
            )
        return way

    def may_give(self, way: Way, groups: frozenset[str]) -> frozenset[str]:
        """Return ``groups`` without those with power over the host that the way is not trusted with."""
        kept = groups - (self.privileged(groups) - way.trusted_groups)
        if refused := groups - kept:
            log.warning("%s may not give %s: its settings do not say so", way.key, sorted(refused))
        return kept

    @property
    def forms(self) -> Sequence[Way]:
        """Return the ways that take a name and a password."""
        return [way for way in self if way.asks_password]

    def buttons(self, hub: str) -> Sequence[tuple[str, str]]:
        """Return label and address of the ways that lead elsewhere, ``hub`` being the hub's address."""
        return [(way.label, address) for way in self if (address := way.address(hub))]
