"""Grants that are amounts: the largest counts."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, TypeVar

from labyard.core.units import show_bytes
from labyard.policies.allowed import Allowed
from labyard.policies.grant import Grant

N = TypeVar("N", int, float)


class Amount(Grant[N | None]):
    """A ceiling of a field of :class:`~labyard.options.limits.Limits`; None is no ceiling."""

    usual: ClassVar[bool] = False
    """Whether labs get some of it without a choice, which is never more than the ceiling."""

    def of(self, allowed: Allowed) -> N | None:
        """Return the ceiling."""
        value: N | None = getattr(allowed.limits, self.name)
        return value

    def together(self, one: N | None, other: N | None) -> N | None:
        """Return the larger one."""
        return None if one is None or other is None else max(one, other)

    def apply(self, value: N | None, allowed: Allowed) -> Allowed:
        """Return what is allowed with another ceiling."""
        limits = allowed.limits.model_copy(update={self.name: value})
        if self.usual and value is not None and self.name not in limits.lacks:
            given = getattr(limits.usual, self.name)
            limits = limits.giving(**{self.name: value if given is None else min(given, value)})
        return replace(allowed, limits=limits)

    def words(self, value: N | None) -> str:
        """Return the amount and its unit."""
        return "no limit" if value is None else self.unit(value)

    def unit(self, value: N) -> str:
        """Return an amount with what is counted."""
        return f"{value:g}"


class Cpu(Amount[float]):
    """Cores of a lab."""

    name, usual = "cpu", True

    def unit(self, value: float) -> str:
        """Return cores."""
        return f"{value:g} {'core' if value == 1 else 'cores'}"


class _Size(Amount[int]):
    usual = True

    def unit(self, value: int) -> str:
        """Return bytes for people."""
        return show_bytes(value)


class Memory(_Size):
    """Memory of a lab, in bytes."""

    name = "memory"


class SharedMemory(_Size):
    """``/dev/shm`` of a lab, in bytes."""

    name = "shm"


class Gpus(Amount[int]):
    """How many GPUs a lab may have."""

    name = "gpus"


class Days(Amount[int]):
    """How many days a server may live."""

    name, usual = "days", True

    def unit(self, value: int) -> str:
        """Return days."""
        return f"{value} {'day' if value == 1 else 'days'}"


class Servers(Grant[int]):
    """How many named servers somebody may have."""

    name = "servers"

    def of(self, allowed: Allowed) -> int:
        """Return how many."""
        return allowed.servers

    def together(self, one: int, other: int) -> int:
        """Return the larger one."""
        return max(one, other)

    def apply(self, value: int, allowed: Allowed) -> Allowed:
        """Return what is allowed with that many."""
        return replace(allowed, servers=value)

    def words(self, value: int) -> str:
        """Return the number."""
        return str(value)
