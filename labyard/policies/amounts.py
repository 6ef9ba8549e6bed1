"""Grants that are amounts: the largest counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from labyard.core.units import show_bytes, write_seconds
from labyard.options.declaration import Options
from labyard.options.profiles import most_days
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

    def had(self, given: Options, allowed: Allowed) -> Any:
        """Return how much was given."""
        return getattr(given, self.name)

    def keeps(self, had: Any, allowed: Allowed) -> bool:
        """Return whether it is within the ceiling of today, if the engine holds to any."""
        most = self.of(allowed)
        if most is None or self.name in allowed.limits.lacks:
            return True
        return had is not None and had <= most

    def words(self, value: N | None) -> str:
        """Return the amount and its unit."""
        return "no limit" if value is None else self.unit(value)

    def unit(self, value: N) -> str:
        """Return an amount with what is counted."""
        return f"{value:g}"


class Cpu(Amount[float]):
    """Cores of a lab."""

    name, title, usual = "cpu", "CPU", True

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

    name, title = "memory", "memory"


class SharedMemory(_Size):
    """``/dev/shm`` of a lab, in bytes."""

    name, title = "shm", "shared memory"


class Gpus(Amount[int]):
    """How many GPUs a lab may have."""

    name, title = "gpus", "GPUs"

    def had(self, given: Options, allowed: Allowed) -> int:
        """Return how many were asked for."""
        asked = given.gpus
        if asked == "all":
            return len(allowed.limits.devices)
        return len(asked) if isinstance(asked, tuple) else int(asked or 0)


class Days(Amount[int]):
    """How many days a server may live."""

    name, title, usual = "days", "days to live", True

    def had(self, given: Options, allowed: Allowed) -> int | None:
        """Return how many it may live, from any moment."""
        return most_days(given, allowed.limits)

    def unit(self, value: int) -> str:
        """Return days."""
        return f"{value} {'day' if value == 1 else 'days'}"


class _Live(Grant[N | None]):
    """An amount that counts for what is there, as soon as it changes; None is no limit."""

    def of(self, allowed: Allowed) -> N | None:
        """Return the amount."""
        value: N | None = getattr(allowed, self.name)
        return value

    def together(self, one: N | None, other: N | None) -> N | None:
        """Return the larger one."""
        return None if one is None or other is None else max(one, other)

    def apply(self, value: N | None, allowed: Allowed) -> Allowed:
        """Return what is allowed with that much."""
        changed: dict[str, Any] = {self.name: value}
        return replace(allowed, **changed)

    def had(self, given: Options, allowed: Allowed) -> None:
        """Return nothing: no lab is started with it."""

    def keeps(self, had: None, allowed: Allowed) -> bool:
        """Return True: see :meth:`had`."""
        return True


class IdleTimeout(_Live[float]):
    """How many seconds nobody may work in a lab before it is stopped; None is for ever."""

    name, title = "idle_timeout", "time without use"

    def words(self, value: float | None) -> str:
        """Return the time."""
        return "no limit" if value is None else write_seconds(value)


class Quota(_Live[int]):
    """How many bytes somebody's own volumes should hold together. Told, not enforced."""

    name, title = "quota", "storage"

    def words(self, value: int | None) -> str:
        """Return the size."""
        return "no limit" if value is None else show_bytes(value)


class Servers(Grant[int]):
    """How many named servers somebody may have."""

    name, title = "servers", "named servers"

    def of(self, allowed: Allowed) -> int:
        """Return how many."""
        return allowed.servers

    def together(self, one: int, other: int) -> int:
        """Return the larger one."""
        return max(one, other)

    def apply(self, value: int, allowed: Allowed) -> Allowed:
        """Return what is allowed with that many."""
        return replace(allowed, servers=value)

    def had(self, given: Options, allowed: Allowed) -> None:
        """Return nothing: they are counted when one is made."""

    def keeps(self, had: None, allowed: Allowed) -> bool:
        """Return True: a lab is none the larger for them."""
        return True

    def words(self, value: int) -> str:
        """Return the number."""
        return str(value)
