"""What somebody may have of each grant, and whose word it is: from the hub's verdicts to words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labyard.policies.form import label


@dataclass(frozen=True, slots=True)
class VerdictView:
    """One grant. ``others`` are groups that have a say and did not decide, each with its word."""

    grant: str
    label: str
    words: str
    winners: Sequence[str]
    others: Sequence[tuple[str, str]]
    everybody: str


def view_verdicts(told: Sequence[Mapping[str, Any]]) -> Sequence[VerdictView]:
    """Return the hub's verdicts, in its order."""
    return [
        VerdictView(
            grant=each["grant"],
            label=label(each["grant"]),
            words=each["words"],
            winners=each["groups"],
            others=[(g, words) for g, words in each["said"] if g not in each["groups"]],
            everybody=each["everybody"],
        )
        for each in told
    ]
