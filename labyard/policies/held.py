"""What a lab was started with, against what its owner may have by now. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from labyard.options.declaration import Options
from labyard.policies.allowed import Allowed
from labyard.policies.effective import GRANTS
from labyard.policies.grant import Grant

Held = Mapping[str, Any]


def held(given: Options, allowed: Allowed) -> Held:
    """Return, as JSON has it, what a lab gets of each grant that starts with ``given``."""
    return {grant.name: grant.had(given, allowed) for grant in GRANTS}


def withdrawn(had: Held, allowed: Allowed) -> Sequence[Grant[Any]]:
    """Return the grants of which a lab that ``had`` so much has more than is allowed now.

    A grant that is not in ``had`` is younger than the lab, which has nothing of it.
    """
    profile = allowed.limits.profile(had["profiles"]) if had.get("profiles") else None
    under = replace(allowed, limits=allowed.limits.under(profile))
    return [g for g in GRANTS if g.name in had and not g.keeps(had[g.name], under)]
