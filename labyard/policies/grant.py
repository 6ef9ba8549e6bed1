"""What every kind of grant is: how it is read, how several groups' words are put together, how it applies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from labyard.options.declaration import Options
from labyard.policies.allowed import Allowed
from labyard.settings.groups import GroupPolicy

T = TypeVar("T")


class Grant(ABC, Generic[T]):
    """One kind of thing that groups grant. How it is written is declared in :class:`GroupPolicy`."""

    name: ClassVar[str]
    """The field of :class:`GroupPolicy`."""

    title: ClassVar[str]
    """What people call it."""

    @abstractmethod
    def of(self, allowed: Allowed) -> T:
        """Return what somebody has of it, as :meth:`apply` would set it."""

    @abstractmethod
    def together(self, one: T, other: T) -> T:
        """Return what somebody has whose groups say both, the more generous of them.

        Groups are put together in the order of their names; only where two contradict each other does
        the order matter, and the first one wins.
        """

    @abstractmethod
    def apply(self, value: T, allowed: Allowed) -> Allowed:
        """Return what is allowed where ``value`` is what the groups say."""

    def had(self, given: Options, allowed: Allowed) -> Any:
        """Return, as JSON has it, what a lab gets of it that starts with ``given``."""
        return self.of(allowed)

    def keeps(self, had: Any, allowed: Allowed) -> bool:
        """Return whether ``had``, of an earlier :meth:`had`, is no more than is allowed now."""
        return bool(had == self.of(allowed))

    def said(self, policy: GroupPolicy) -> T | None:
        """Return what one group says of it, None where it says nothing."""
        value: Any = getattr(policy, self.name)
        return None if value is None else self.read(value)

    def read(self, written: Any) -> T:
        """Return what is written in a policy as a value."""
        value: T = written
        return value

    def shows(self, said: T, value: T) -> bool:
        """Return whether the word ``said`` is one of those that made ``value`` what it is."""
        return said == value

    @abstractmethod
    def words(self, value: T) -> str:
        """Return ``value`` in words."""
