"""Grants that are lists to choose from: of several groups, all of their items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from labyard.core.errors import Refused
from labyard.options.declaration import Options
from labyard.policies.allowed import Allowed
from labyard.policies.grant import Grant


class _Choices(Grant[tuple[str, ...]]):
    """What there is to choose from; the first is what a start without a choice gets."""

    def read(self, written: Iterable[str]) -> tuple[str, ...]:
        """Return each item once."""
        return tuple(dict.fromkeys(written))

    def together(self, one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        """Return the items of both."""
        return self.read((*one, *other))

    def shows(self, said: tuple[str, ...], value: tuple[str, ...]) -> bool:
        """Return True: what a group offers is offered."""
        return True

    def words(self, value: tuple[str, ...]) -> str:
        """Return the items."""
        return ", ".join(value) or "none"


class Images(_Choices):
    """Images instead of everybody's; nobody who has such a list may name any other."""

    name, title = "images", "image"

    def of(self, allowed: Allowed) -> tuple[str, ...]:
        """Return the images that are offered."""
        return allowed.limits.images

    def had(self, given: Options, allowed: Allowed) -> str | None:
        """Return the lab's image."""
        return given.image

    def keeps(self, had: str | None, allowed: Allowed) -> bool:
        """Return whether that image may be had still."""
        return had is None or allowed.limits.custom_images or had in self.of(allowed)

    def apply(self, value: tuple[str, ...], allowed: Allowed) -> Allowed:
        """Return what is allowed with these images only."""
        limits = allowed.limits
        only = limits.model_copy(update={"images": value, "custom_images": False})
        if "image" not in limits.lacks and limits.usual.image not in value:
            only = only.giving(image=value[0])
        return replace(allowed, limits=only)


class Profiles(_Choices):
    """Which of the profiles there are."""

    name, title = "profiles", "profile"

    def of(self, allowed: Allowed) -> tuple[str, ...]:
        """Return the names of the profiles."""
        return tuple(profile.name for profile in allowed.limits.profiles)

    def had(self, given: Options, allowed: Allowed) -> str | None:
        """Return the lab's profile."""
        return given.profile

    def keeps(self, had: str | None, allowed: Allowed) -> bool:
        """Return whether that profile may be picked still."""
        return had is None or had in self.of(allowed)

    def apply(self, value: tuple[str, ...], allowed: Allowed) -> Allowed:
        """Return what is allowed with these profiles only, in the order the settings have them.

        Raises
        ------
        Refused
            When none of them is there any more: without one, nothing would hold these people.
        """
        limits = allowed.limits
        kept = tuple(profile for profile in limits.profiles if profile.name in value)
        if not kept:
            raise Refused(
                f"None of the profiles that your groups name is there any more: {', '.join(value)}.",
                remedy="Tell an administrator: `labyard policy list` shows which group names them.",
            )
        return replace(allowed, limits=limits.model_copy(update={"profiles": kept}))
