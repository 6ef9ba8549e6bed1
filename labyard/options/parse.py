"""From what was typed or sent to checked choices.

The form, the REST body and the ``opt-`` query parameters all come through :func:`parse`. A key that is
not declared is refused by name, so nothing else of a container can be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from labyard.core.units import show_bytes
from labyard.options.declaration import FIELDS, Options, plain
from labyard.options.limits import Limits
from labyard.options.profiles import fixed, outcome
from labyard.options.refused import OptionsRefused
from labyard.settings.kinds import IMAGE
from labyard.settings.profiles import Profile

# Fields of the form that are not choices.
_OF_THE_FORM = frozenset({"_xsrf"})
# What people write there is not repeated to them: it may be long, or private.
_UNREPEATED = frozenset({"environment"})


def parse(raw: Mapping[str, Any], limits: Limits) -> Options:
    """Return checked options.

    ``raw`` comes from REST (typed values) or from a form or query (lists of strings, where an empty
    string is no choice).

    Raises
    ------
    OptionsRefused
        Naming every field that cannot be accepted, its value, what is allowed and what to do.
    """
    given = {key: _single(value) for key, value in raw.items() if key not in _OF_THE_FORM}
    given = {key: value for key, value in given.items() if value not in ("", None)}
    refused = {_name(key): _no_such(limits) for key in given if key not in FIELDS}
    for field in FIELDS:
        if field in given and (why := limits.missing(field)):
            refused[field] = f"it cannot be chosen. {why} Leave it empty."
    wanted = {key: given[key] for key in FIELDS if key in given and key not in refused}
    options, wrong = _read(wanted)
    refused |= wrong
    profile = limits.profile(options.profile)
    if options.profile is not None and profile is None:
        names = ", ".join(each.name for each in limits.profiles)
        refused["profile"] = (
            f"{_short(options.profile)} is no profile here. Choose one of: {names}."
        )
    else:
        refused |= dict(_beyond(options, limits.under(profile), profile))
    if refused:
        raise OptionsRefused(refused)
    return options


def _single(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value.strip() if isinstance(value, str) else value


def _no_such(limits: Limits) -> str:
    return f"there is no such option; there are {', '.join(limits.offered)}."


def _read(wanted: Mapping[str, Any]) -> tuple[Options, dict[str, str]]:
    """Return what can be understood, and what is wrong with the rest."""
    try:
        return Options.model_validate(wanted), {}
    except ValidationError as error:
        wrong = {str(e["loc"][0]): _sentence(e, wanted) for e in reversed(error.errors())}
    good = {field: value for field, value in wanted.items() if field not in wrong}
    return Options.model_validate(good), wrong


def _sentence(error: Any, wanted: Mapping[str, Any]) -> str:
    field = str(error["loc"][0])
    reason = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"it {reason}." if field in _UNREPEATED else f"{_short(wanted[field])} {reason}."


def _name(key: object) -> str:
    """Return an unknown key as it may be repeated to people."""
    return key if isinstance(key, str) and _is_name(key) else _short(key)


def _is_name(key: str) -> bool:
    return key.isidentifier() and key.isascii() and len(key) <= 60


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _beyond(options: Options, limits: Limits, profile: Profile | None) -> Iterator[tuple[str, str]]:
    """Yield each field whose value the profile or the limits do not allow, and why."""
    for field in FIELDS:
        value = getattr(options, field)
        if value is None or field == "profile":
            continue
        if profile is not None and fixed(profile, field):
            yield field, _is_fixed(options, limits, profile, field)
        elif (check := _CHECKS.get(field)) and (why := check(value, limits)):
            yield field, why


def _is_fixed(options: Options, limits: Limits, profile: Profile, field: str) -> str:
    given = plain(outcome(Options(profile=options.profile), limits)).get(field)
    what = f"the profile {profile.title!r} sets it"
    return (
        f"{what}{'' if given is None or field in _UNREPEATED else f' to {given}'}. Leave it empty."
    )


def _image(image: str, limits: Limits) -> str:
    if image in limits.images:
        return ""
    if not limits.custom_images:
        return f"{_short(image)} is not offered here. Choose one of: {', '.join(limits.images)}."
    if not IMAGE.fullmatch(image):
        return f"{_short(image)} is no image's name. Write one such as labyard/lab:latest."
    return ""


def _cpu(cpu: float, limits: Limits) -> str:
    return _too_many(f"{cpu:g}", cpu, limits.cpu, limits.host_cpu, lambda n: f"{n:g} cores")


def _memory(memory: int, limits: Limits) -> str:
    text = show_bytes(memory)
    return _too_many(text, memory, limits.memory, limits.host_memory, show_bytes)


def _shm(shm: int, limits: Limits) -> str:
    return _too_many(show_bytes(shm), shm, limits.shm, limits.host_memory, show_bytes)


def _days(days: int, limits: Limits) -> str:
    return _too_many(str(days), days, limits.days, None, lambda n: f"{n:g} days")


def _too_many(
    text: str, value: float, limit: float | None, host: float | None, words: Callable[[Any], str]
) -> str:
    if limit is not None and value > limit and (host is None or limit <= host):
        return f"{text} is more than the {words(limit)} you may use. Choose less."
    if host is not None and value > host:
        return f"{text} is more than the {words(host)} of this machine. Choose less."
    return ""


def _gpus(gpus: int | str | tuple[str, ...], limits: Limits) -> str:
    there = len(limits.devices)
    ids = gpus if isinstance(gpus, tuple) else ()
    unknown = [each for each in ids if each not in limits.devices]
    if unknown:
        return f"{_short(unknown[0])} is no GPU of this machine. Choose how many instead."
    count = there if gpus == "all" else gpus if isinstance(gpus, int) else len(gpus)
    if count > (most := min(limits.gpus, there)):
        what = f"all {there} GPUs" if gpus == "all" else str(count)
        return f"{what} is more than the {most} you may use. Choose less."
    return ""


_CHECKS: Mapping[str, Callable[[Any, Limits], str]] = {
    "image": _image,
    "cpu": _cpu,
    "memory": _memory,
    "shm": _shm,
    "gpus": _gpus,
    "days": _days,
}
