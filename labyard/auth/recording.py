"""How sign-ins get into the audit, whichever way they came.

A new way does nothing for it: forms go through the authenticator, all others through
:class:`labyard.auth.ways.arrival.Arrival`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labyard.audit import actions as act
from labyard.audit.entry import NOBODY, Kind, Party, user
from labyard.audit.requests import Requests, outcome_of, reason_of
from labyard.auth.ways.memberships import Change


def came_in(audit: Requests | None, handler: Any, name: str, by: Mapping[str, str]) -> None:
    """Record that somebody signed in. ``by`` is the way, as :func:`way` has it."""
    if audit is not None:
        person = user(name)
        audit.by(handler, act.SIGN_IN, person, by, actor=person)


def refused(
    audit: Requests | None,
    handler: Any,
    name: str,
    by: Mapping[str, str],
    error: BaseException | str,
) -> None:
    """Record that somebody who said to be ``name`` did not come in: why, as an error or a code."""
    if audit is None:
        return
    status = getattr(error, "status", getattr(error, "status_code", 403))
    reason = error if isinstance(error, str) else reason_of(error, status)
    told = {**by, "reason": "credentials" if reason == "403" else reason}
    audit.by(handler, act.SIGN_IN, user(name), told, actor=NOBODY, outcome=outcome_of(status))


def way(key: str, issuer: str = "") -> dict[str, str]:
    """Return what the audit tells of a way to sign in."""
    return {"way": key, "issuer": issuer} if issuer else {"way": key}


def told(audit: Requests | None, person: str, change: Change) -> None:
    """Record which groups a way's word put somebody into, or took them out of."""
    if audit is None:
        return
    for action, groups in ((act.GROUP_JOIN, change.join), (act.GROUP_LEAVE, change.leave)):
        for group in sorted(groups):
            audit.by(None, action, Party(Kind.GROUP, group), {"users": [person]})


def admin_told(audit: Requests | None, person: str, admin: bool) -> None:
    """Record that a way's word made somebody an administrator, or no more one."""
    if audit is not None:
        audit.by(None, act.ADMIN_GIVE if admin else act.ADMIN_TAKE, user(person))
