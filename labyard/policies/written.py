"""From policies as somebody wrote them to checked ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labyard.core.errors import Refused
from labyard.settings.groups import GroupPolicy, GroupSettings
from labyard.settings.layers import Layer, Loc
from labyard.settings.load import validate
from labyard.settings.profiles import Profile


def checked(
    groups: Any, profiles: Sequence[Profile], places: Mapping[Loc, str]
) -> list[GroupSettings]:
    """Return the policies that ``groups`` says: the list that the settings file has below ``groups``.

    ``profiles`` are those there are to name; ``places`` says where each value was written, by its
    place in ``{"groups": groups}``.

    Raises
    ------
    Refused
        With a line for each thing that is wrong: where, the value, and what is allowed.
    """
    known = [profile.model_dump(mode="json") for profile in profiles]
    layer = Layer({"labs": {"profiles": known}, "groups": groups}, places)
    settings, problems = validate(layer)
    if settings is None:
        raise Refused("\n".join(problems), remedy="Nothing was changed.")
    return settings.groups


def document(groups: Sequence[GroupSettings]) -> dict[str, Any]:
    """Return policies as the settings file has them."""
    return {"groups": [plain(group) for group in groups]}


def plain(group: GroupSettings) -> dict[str, Any]:
    """Return one policy as JSON and YAML have it, its name first."""
    said = group.model_dump(mode="json", exclude_none=True)
    return {"name": said.pop("name"), **said}


# Fields of a policy whose values anybody may read in the audit. Of all others only the names are told.
_PLAIN = frozenset(
    (
        "cpu",
        "memory",
        "shm",
        "gpus",
        "days",
        "idle_timeout",
        "servers",
        "images",
        "profiles",
        "quota",
        "volumes",
        "docker",
        "sudo",
    )
)


def told(policy: GroupPolicy) -> dict[str, Any]:
    """Return a policy as the audit has it: nothing in it can be a secret."""
    said = policy.model_dump(mode="json", exclude_none=True, exclude={"name"})
    return {
        name: value if name in _PLAIN else sorted(value) if isinstance(value, dict) else "set"
        for name, value in said.items()
    }
