"""Recording what requests did, once they are answered: a table says for each route what that is."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from labyard.audit import actions
from labyard.audit.actions import Action
from labyard.audit.entry import HUB, NOBODY, SYSTEM, Outcome, Party
from labyard.audit.once import Once
from labyard.audit.recorder import Recorder
from labyard.core.addresses import caller_address, host
from labyard.core.errors import LabyardError

log = logging.getLogger(__name__)

Act = tuple[Action, Party, Mapping[str, Any]]
# What a request did, asked when it has been answered; or why nothing of it is recorded here.
Rule = Callable[[Any], Iterable[Act]]
# By a handler's class, or one that it is made of, and the method; ``*`` stands for every method.
Rules = Mapping[tuple[type, str], Rule | str]

# What is recorded of those who are not signed in. Other refusals of theirs are in the log alone.
_OF_ANYBODY = frozenset({actions.SIGN_IN, actions.SIGN_UP, actions.PASSWORD_SET, actions.FORGED})
# Refused in a loop: once a minute is enough.
_LOUD = frozenset({"too-many", "overloaded"})
# Refusals of those who are not signed in that are told one by one: the throttle lets few through.
_COUNTED = frozenset({"credentials"})
# Of a request that was done: so many of those it was about are told one by one.
MOST = 1000
_TOO_LARGE = 413


def rule_of(rules: Rules, handler: type, method: str) -> Rule | str | None:
    """Return what the rules say of a method of a handler; None where they say nothing."""
    for kind in handler.__mro__:
        for wanted in (method, "*"):
            if (kind, wanted) in rules:
                return rules[kind, wanted]
    return None


class Requests:
    """Records acts with who sent the request and from where.

    ``actor`` finds out who that is; None for nobody. ``trusted`` are the proxies that are believed.
    """

    def __init__(
        self,
        recorder: Recorder,
        rules: Rules,
        actor: Callable[[Any], Party | None],
        trusted: Collection[str],
    ) -> None:
        self.recorder = recorder
        self._rules, self._actor, self._trusted = rules, actor, trusted
        self._once = Once()

    def answered(self, handler: Any) -> None:
        """Record what a request did that is answered now, except what was recorded as it happened."""
        rule = rule_of(self._rules, type(handler), handler.request.method)
        if rule is None or isinstance(rule, str):
            return
        outcome, reason = _outcome(handler)
        told = {"reason": reason} if reason else {}
        known: frozenset[str] = getattr(handler, "recorded", frozenset())
        try:
            for action, target, details in rule(handler):
                if action.name in known:
                    continue
                self.by(handler, action, target, {**details, **told}, outcome=outcome)
        except Exception:
            log.exception("A request is missing in the audit")

    def address(self, request: Any) -> str:
        """Return where a request came from."""
        return caller_address(request, self._trusted)

    def forged(self, handler: Any) -> None:
        """Record that another page is behind a request, in whoever's name."""
        for action, target, details in forged(handler):
            self.by(handler, action, target, details, actor=NOBODY, outcome=Outcome.REFUSED)

    def by(
        self,
        handler: Any,
        action: Action,
        target: Party,
        details: Mapping[str, Any] = MappingProxyType({}),
        *,
        actor: Party | None = None,
        outcome: Outcome = Outcome.DONE,
    ) -> None:
        """Record an act of whoever sent a request; of the system without a request."""
        if handler is None:
            self.recorder.record(action, SYSTEM, target, details, outcome=outcome)
            return
        handler.recorded = getattr(handler, "recorded", frozenset()) | {action.name}
        who = actor or self._actor(handler)
        if who is None:
            if action not in _OF_ANYBODY:
                return
            who = NOBODY
        address, reason = self.address(handler.request), details.get("reason")
        stranger = who == NOBODY and outcome is not Outcome.DONE and reason not in _COUNTED
        once = (action.name, host(address), reason)
        if (stranger or reason in _LOUD) and not self._once.new(once):
            return
        self.recorder.record(action, who, target, details, address=address, outcome=outcome)


def reason_of(error: BaseException, status: int) -> str:
    """Return why something was refused, as a code: words may repeat what somebody typed."""
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else str(getattr(error, "status_code", status))


def outcome_of(status: int) -> Outcome:
    """Return what an answer's status says came of it."""
    if status < 400:
        return Outcome.DONE
    return Outcome.REFUSED if status < 500 else Outcome.FAILED


def _outcome(handler: Any) -> tuple[Outcome, str]:
    """Return what came of a request, and why; ``wrong`` is the error that its page speaks of."""
    wrong, status = getattr(handler, "wrong", None), int(handler.get_status())
    if isinstance(wrong, LabyardError):
        return outcome_of(wrong.status), wrong.code
    outcome = outcome_of(status)
    return outcome, "" if outcome is Outcome.DONE else str(status)


def forged(handler: Any) -> Iterator[Act]:
    """Tell of a request that another page is behind."""
    yield (
        actions.FORGED,
        HUB,
        {"method": handler.request.method, "path": handler.request.path[:200]},
    )


def each(
    handler: Any,
    action: Action,
    party: Callable[[str], Party],
    names: Sequence[str],
    details: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[Act]:
    """Tell an act of each of ``names``: of a refused request the first alone, of a done one ``MOST``.

    The last that is told says how many more there were.
    """
    most = MOST if _outcome(handler)[0] is Outcome.DONE else 1
    for name in names[:most][:-1]:
        yield action, party(name), details
    for name in names[:most][-1:]:
        more = len(names) - most
        yield action, party(name), {**details, "more": more} if more > 0 else details


def sent(handler: Any) -> Mapping[str, Any]:
    """Return the JSON object of a request's body, empty for anything else, and for one too large."""
    if handler.get_status() == _TOO_LARGE:
        return {}
    try:
        found = json.loads(handler.request.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def named(value: Any) -> list[str]:
    """Return the texts in a list that somebody sent."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
