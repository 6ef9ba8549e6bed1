"""From what each of a person's groups says to what they may have, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from types import MappingProxyType
from typing import Any

from labyard.core.errors import Refused
from labyard.options.limits import Limits
from labyard.policies.additions import Docker, Environment, Sudo, Volumes
from labyard.policies.allowed import Allowed
from labyard.policies.amounts import (
    Cpu,
    Days,
    Gpus,
    IdleTimeout,
    Memory,
    Quota,
    Servers,
    SharedMemory,
)
from labyard.policies.choices import Images, Profiles
from labyard.policies.grant import Grant
from labyard.settings.groups import GroupPolicy
from labyard.settings.profiles import Profile

PROFILES = Profiles()
GRANTS: tuple[Grant[Any], ...] = (
    Cpu(),
    Memory(),
    SharedMemory(),
    Gpus(),
    Days(),
    IdleTimeout(),
    Servers(),
    Images(),
    PROFILES,
    Environment(),
    Quota(),
    Volumes(),
    Docker(),
    Sudo(),
)
_CEILINGS = ("cpu", "memory", "shm", "gpus", "days", "images")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody has of one grant, in words, and whose word it is: no groups for everybody's.

    ``said`` is every group that has a say and its word; ``everybody`` what holds without any.
    """

    grant: str
    words: str
    groups: tuple[str, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
    everybody: str = ""


@dataclass(frozen=True, slots=True)
class Effective:
    """What somebody may have, and why: a verdict for each grant."""

    allowed: Allowed
    verdicts: Sequence[Verdict]


def effective(
    policies: Mapping[str, GroupPolicy],
    everybody: Allowed,
    *,
    withheld: Mapping[str, str] = MappingProxyType({}),
) -> Effective:
    """Return what somebody may have.

    ``policies`` are those of the groups they are in, by name; ``everybody`` is what holds without any.
    A group that is silent about a grant leaves it to the others. ``withheld`` says of each grant that
    the engine cannot give, why.

    Raises
    ------
    Refused
        When what their groups say leaves nothing that they could start.
    """
    wanted = {grant.name: dict(_said(grant, policies)) for grant in GRANTS}
    said = {name: {} if name in withheld else words for name, words in wanted.items()}
    allowed = everybody
    for grant in GRANTS:
        if words := said[grant.name]:
            allowed = grant.apply(reduce(grant.together, words.values()), allowed)
    if not said["profiles"]:
        allowed = _without_what_goes_beyond(allowed, [c for c in _CEILINGS if said[c]])
    verdicts = [_verdict(g, said[g.name], allowed, everybody) for g in GRANTS]
    missed = {name: why for name, why in withheld.items() if wanted[name]}
    return Effective(allowed, [_excused(verdict, missed) for verdict in verdicts])


def share(policies: Mapping[str, GroupPolicy], everybody: Allowed) -> Allowed:
    """Return what to show of what somebody may have; where nothing can start, the start says why."""
    try:
        return effective(policies, everybody).allowed
    except Refused:
        return everybody


def _said(grant: Grant[Any], policies: Mapping[str, GroupPolicy]) -> Iterator[tuple[str, Any]]:
    for group in sorted(policies):
        value = grant.said(policies[group])
        if value is not None:
            yield group, value


def _verdict(
    grant: Grant[Any], said: Mapping[str, Any], allowed: Allowed, everybody: Allowed
) -> Verdict:
    value = grant.of(allowed)
    return Verdict(
        grant.name,
        grant.words(value),
        groups=tuple(group for group, word in said.items() if grant.shows(word, value)),
        said=tuple((group, grant.words(word)) for group, word in said.items()),
        everybody=grant.words(grant.of(everybody)),
    )


def _excused(verdict: Verdict, missed: Mapping[str, str]) -> Verdict:
    """Return a verdict that says why there is nothing of what a group grants."""
    why = missed.get(verdict.grant)
    return replace(verdict, words=f"{verdict.words}: {why}") if why else verdict


def _without_what_goes_beyond(allowed: Allowed, ceilings: Sequence[str]) -> Allowed:
    """Return what is allowed without the profiles that would pass a ceiling of the groups.

    The site's profiles may go beyond what everybody may choose; beyond a group's ceiling go only those
    that a group names.
    """
    limits = allowed.limits
    kept = tuple(p for p in limits.profiles if not _goes_beyond(p, limits, ceilings))
    return replace(allowed, limits=limits.model_copy(update={"profiles": kept}))


def _goes_beyond(profile: Profile, limits: Limits, ceilings: Sequence[str]) -> bool:
    under = limits.under(profile)
    return any(getattr(under, field) != getattr(limits, field) for field in ceilings)
