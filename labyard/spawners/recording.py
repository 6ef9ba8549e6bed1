"""How starts get into the audit: with what came of them, however long that took."""

from __future__ import annotations

from typing import Any

from labyard.audit import actions as act
from labyard.audit.entry import server
from labyard.audit.requests import Requests, outcome_of
from labyard.spawners.outcome import Outcome


def started(audit: Requests | None, spawner: Any, failure: Outcome | None = None) -> None:
    """Record a start that has come to its end: for whom, what it was given, and who asked."""
    if audit is None:
        return
    target = server(spawner.user.name, spawner.name)
    if failure is not None:
        came = outcome_of(failure.status)
        why = {"reason": failure.code}
        audit.by(spawner.handler, act.SERVER_START, target, why, outcome=came)
        return
    audit.by(spawner.handler, act.SERVER_START, target, spawner.granted)
