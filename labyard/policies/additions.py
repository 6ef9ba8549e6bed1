"""Grants that labs get besides what their owners choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from labyard.options.declaration import Options
from labyard.policies.allowed import Allowed
from labyard.policies.grant import Grant
from labyard.settings.storage import Extra, extra


class Environment(Grant[Mapping[str, str]]):
    """Variables; below what a profile or a person sets, above everybody's."""

    name, title = "environment", "environment"

    def of(self, allowed: Allowed) -> Mapping[str, str]:
        """Return the variables."""
        return allowed.environment

    def together(self, one: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, str]:
        """Return the variables of both; of one name that both have, the first one's."""
        return {**other, **one}

    def apply(self, value: Mapping[str, str], allowed: Allowed) -> Allowed:
        """Return what is allowed with these variables."""
        return replace(allowed, environment={**allowed.environment, **value})

    def keeps(self, had: Mapping[str, str], allowed: Allowed) -> bool:
        """Return whether each variable is granted still, with the same value."""
        return had.items() <= self.of(allowed).items()

    def shows(self, said: Mapping[str, str], value: Mapping[str, str]) -> bool:
        """Return whether any of the variables is as the group said."""
        return any(value[name] == text for name, text in said.items())

    def words(self, value: Mapping[str, str]) -> str:
        """Return the names: values may be long."""
        return ", ".join(sorted(value)) or "none"


class Volumes(Grant[tuple[Extra, ...]]):
    """Directories besides everybody's volumes: of several groups, all of them."""

    name, title = "volumes", "volumes"

    def of(self, allowed: Allowed) -> tuple[Extra, ...]:
        """Return the directories."""
        return allowed.volumes

    def read(self, written: Iterable[str]) -> tuple[Extra, ...]:
        """Return what is written; of one target, the first."""
        return self.together((), tuple(map(extra, written)))

    def together(self, one: tuple[Extra, ...], other: tuple[Extra, ...]) -> tuple[Extra, ...]:
        """Return those of both. At one target the first stays, writable if either says so of it."""
        at = {each.target: each for each in one}
        for each in other:
            there = at.setdefault(each.target, each)
            if there.source == each.source and not each.read_only:
                at[each.target] = each
        return tuple(at[target] for target in sorted(at))

    def apply(self, value: tuple[Extra, ...], allowed: Allowed) -> Allowed:
        """Return what is allowed with these."""
        return replace(allowed, volumes=value)

    def had(self, given: Options, allowed: Allowed) -> list[str]:
        """Return them as they are written; nothing for a lab without volumes."""
        return [] if given.mount is False else [str(each) for each in allowed.volumes]

    def keeps(self, had: Iterable[str], allowed: Allowed) -> bool:
        """Return whether each is granted still, and writable still if it was."""
        now = {(each.source, each.target): each.read_only for each in allowed.volumes}
        return all(
            (each.source, each.target) in now
            and (each.read_only or not now[each.source, each.target])
            for each in map(extra, had)
        )

    def shows(self, said: tuple[Extra, ...], value: tuple[Extra, ...]) -> bool:
        """Return whether any of them is as the group said."""
        return bool(set(said) & set(value))

    def words(self, value: tuple[Extra, ...]) -> str:
        """Return them as they are written."""
        return ", ".join(map(str, value)) or "none"


class _Switch(Grant[bool]):
    """Something that labs get or not: on, if any group says so."""

    def together(self, one: bool, other: bool) -> bool:
        """Return whether any group grants it."""
        return one or other

    def keeps(self, had: bool, allowed: Allowed) -> bool:
        """Return whether it is granted still, if it was."""
        return self.of(allowed) or not had


class Docker(_Switch):
    """The engine's own socket, which makes whoever has it root on the host."""

    name, title = "docker", "the engine's socket"

    def of(self, allowed: Allowed) -> bool:
        """Return whether labs get it."""
        return allowed.engine

    def read(self, written: str) -> bool:
        """Return whether ``socket`` is written."""
        return written == "socket"

    def apply(self, value: bool, allowed: Allowed) -> Allowed:
        """Return what is allowed with or without it."""
        return replace(allowed, engine=value)

    def words(self, value: bool) -> str:
        """Return what is written in a policy."""
        return "socket" if value else "none"


class Sudo(_Switch):
    """The container's root, by sudo."""

    name, title = "sudo", "sudo"

    def of(self, allowed: Allowed) -> bool:
        """Return whether whoever works in a lab may become root."""
        return allowed.sudo

    def apply(self, value: bool, allowed: Allowed) -> Allowed:
        """Return what is allowed with or without it."""
        return replace(allowed, sudo=value)

    def words(self, value: bool) -> str:
        """Return yes or no."""
        return "yes" if value else "no"
