"""What comes of the choices: profile, limits and choices put together."""

from __future__ import annotations

from labyard.options.declaration import Options
from labyard.options.limits import Limits
from labyard.settings.profiles import Profile


def fixed(profile: Profile | None, field: str) -> bool:
    """Return whether ``profile`` keeps people from choosing ``field``."""
    if profile is None or field == "profile":
        return False
    if getattr(profile.lock, field) is not None:
        return True
    return (
        profile.offer is not None
        and field not in profile.offer
        and getattr(profile.default, field) is None
    )


def outcome(chosen: Options, limits: Limits) -> Options:
    """Return what the server gets: locked by the profile, else chosen, else its default, else usual.

    Variables of the environment are added to each other, in the same order of precedence.
    """
    profile = limits.profile(chosen.profile)
    layers = [chosen, limits.usual]
    if profile is not None:
        layers = [_options(profile, "lock"), chosen, _options(profile, "default"), limits.usual]
    given = {
        field: next((v for layer in layers if (v := getattr(layer, field)) is not None), None)
        for field in Options.model_fields
        if field not in ("profile", "environment")
    }
    environment = {
        name: value
        for layer in reversed(layers)
        for name, value in (layer.environment or {}).items()
    }
    return Options.model_construct(
        profile=profile.name if profile else None, environment=environment or None, **given
    )


def most_days(given: Options, limits: Limits) -> int | None:
    """Return how many days a server may live, from any moment; None for no limit.

    ``given`` is its :func:`outcome`. Where the profile keeps people from choosing days, its own count.
    """
    profile = limits.profile(given.profile)
    return given.days if fixed(profile, "days") else limits.under(profile).days


def _options(profile: Profile, which: str) -> Options:
    """Return one part of a profile as choices; the settings have checked it."""
    return Options.model_construct(**dict(getattr(profile, which)))
