"""What of the audit is asked for: from text, as an address or a command line has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from labyard.audit.actions import ACTIONS
from labyard.audit.entry import Entry, Outcome
from labyard.audit.trail import Place, Wanted
from labyard.core.errors import Refused
from labyard.core.visible import visible

FIELDS = ("actor", "action", "target", "outcome", "since", "until")


def wanted(said: Mapping[str, str]) -> Wanted:
    """Return the filters in ``said``; those that are missing or empty do not matter.

    A ``since`` or ``until`` is a day, which counts as a whole, or a moment in ISO 8601; without a zone
    it is UTC.

    Raises
    ------
    Refused
        For one that cannot be.
    """
    fields = {name: said.get(name, "").strip() for name in FIELDS}
    _one_of("action", fields["action"], tuple(ACTIONS))
    _one_of("outcome", fields["outcome"], tuple(Outcome))
    return Wanted(
        actor=fields["actor"],
        action=fields["action"],
        target=fields["target"],
        outcome=fields["outcome"],
        since=_moment("since", fields["since"], later=timedelta()),
        until=_moment("until", fields["until"], later=timedelta(days=1)),
    )


def place(name: str, text: str) -> Place | None:
    """Return the place in a list that ``at,id`` of an entry stands for; None for no text.

    Raises
    ------
    Refused
        When it is none.
    """
    if not text:
        return None
    at, _, id = text.rpartition(",")
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise _cannot(name, text, "the at and the id of an entry: 2026-03-01T08:00:00Z,17")
    moment = _moment(name, at, later=timedelta())
    if moment is None:
        raise _cannot(name, text, "the at and the id of an entry: 2026-03-01T08:00:00Z,17")
    return Place(moment, int(id))


def spot(entry: Entry) -> str:
    """Return an entry's place as :func:`place` reads it."""
    return f"{entry.at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z,{entry.id}"


def _moment(name: str, text: str, *, later: timedelta) -> datetime | None:
    """Return the moment that ``text`` is; of a day, its beginning and ``later``."""
    if not text:
        return None
    try:
        if len(text) == len("2026-03-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) + later
        found = datetime.fromisoformat(text.replace(" ", "+"))  # as a plus comes in an address
    except (ValueError, OverflowError):
        raise _cannot(name, text, "a day or a moment such as 2026-03-01T08:00:00Z") from None
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise _cannot(name, text, "a day or a moment such as 2026-03-01T08:00:00Z") from None


def _one_of(name: str, text: str, known: tuple[str, ...]) -> None:
    if text and text not in known:
        raise _cannot(name, text, f"one of {', '.join(known)}")


def _cannot(name: str, text: str, allowed: str) -> Refused:
    return Refused(f"{name} is {visible(text[:60])!r}, which cannot be.", remedy=f"Send {allowed}.")
