"""Groups as administrators see them: from the hub's JSON to words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labyard.policies import form


@dataclass(frozen=True, slots=True)
class GroupView:
    """One group. ``grants`` is its policy in a few words, ``origin`` who is behind it."""

    name: str
    exists: bool
    members: int
    given: int
    built_in: bool
    locked: bool
    root: bool
    has_policy: bool
    grants: Sequence[tuple[str, str]]
    changed: str

    @property
    def origin(self) -> str:
        """Return how people come into it."""
        if not self.given:
            return "by hand"
        return "by sign-in" if self.given >= self.members else f"{self.given} by sign-in"


def view_group(told: Mapping[str, Any]) -> GroupView:
    """Return one group of the hub's list."""
    policy: Mapping[str, Any] = told["policy"] or {}
    said = form.as_typed(policy)
    when = (policy.get("changed") or "")[:10]
    return GroupView(
        name=told["name"],
        exists=told["exists"],
        members=told["members"],
        given=told["given"],
        built_in=told["built_in"],
        locked=bool(policy.get("locked")),
        root=policy.get("docker") == "socket",
        has_policy=bool(policy),
        grants=[(form.label(name), ", ".join(text.splitlines())) for name, text in said.items()],
        changed=f"{when} by {policy['changed_by']}" if when else "",
    )
