"""The dates of servers: when one ends, how far that may be put off, what is due. Pure.

A date belongs to a server, not to its container: stopping and starting keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from labyard.core.errors import Refused

DAY = timedelta(days=1)
# How long before the end its owner is told, the longest first.
NOTICES = (timedelta(hours=24), timedelta(hours=1))
# What an extension has to give, and what makes it worth a button.
_LEAST_GAIN = timedelta(minutes=1)
_WORTH_WHILE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a server ends. All times are aware, in UTC.

    ``since`` is when this date was set, ``days`` what was chosen for the start, ``most_days`` what the
    policy allowed then, counted from any moment (None: any number), ``told`` the last notice given.
    """

    expires: datetime
    since: datetime
    days: int
    most_days: int | None = None
    told: timedelta | None = None

    def ended(self, now: datetime) -> bool:
        """Return whether the time is over."""
        return self.expires <= now


def at_start(
    before: Expiry | None, days: int | None, most_days: int | None, now: datetime
) -> Expiry | None:
    """Return when a server that starts now ends, None for never.

    ``days`` is what was chosen, None for nothing; ``most_days`` the policy's limit, which then counts
    as the choice. A date that is still to come stays while the choice is the same, so that neither
    stopping and starting nor a repeated click puts it off; a stricter policy brings it nearer.
    """
    days = days if most_days is None else min(days or most_days, most_days)
    if days is None:
        return None
    whole = Expiry(now + days * DAY, now, days, most_days)
    if before is None or before.ended(now) or before.days != days:
        return whole
    expires = before.expires if most_days is None else min(before.expires, now + most_days * DAY)
    return replace(before, expires=expires, most_days=most_days)


def extended(expiry: Expiry, days: int | None, now: datetime) -> Expiry:
    """Return the date after an extension to ``days`` from now, or to as many as at the start.

    Raises
    ------
    Refused
        When the policy does not allow that many, or the server would not live any longer by it.
    """
    wanted = expiry.days if days is None else days
    after = moved(expiry, wanted, now)
    if after.expires < expiry.expires + _LEAST_GAIN:
        raise Refused(
            f"This server lives for {_days(wanted)} from now already: {left(expiry, now)}.",
            remedy="Extend it later." if wanted == expiry.most_days else "Give more days.",
        )
    return after


def moved(expiry: Expiry, days: int, now: datetime) -> Expiry:
    """Return the date ``days`` from now, be that later or sooner.

    Raises
    ------
    Refused
        When the policy does not allow that many.
    """
    most = expiry.most_days
    if days < 1:
        raise Refused(f"days: {days} is too few.", remedy="Give 1 or more.")
    if most is not None and days > most:
        raise Refused(
            f"days: {days} is more than the {_days(most)} from now that this server may live.",
            remedy=f"Give {most} or fewer.",
        )
    return replace(expiry, expires=now + days * DAY, since=now, told=None)


def worth_extending(expiry: Expiry, now: datetime) -> bool:
    """Return whether an extension without a number gives the owner an hour or more."""
    return now + expiry.days * DAY >= expiry.expires + _WORTH_WHILE


def notice_due(expiry: Expiry, now: datetime) -> timedelta | None:
    """Return which notice is to be given now: the shortest of :data:`NOTICES` that has come.

    Each is given once; one that was missed is not made up for when a shorter one has come. Whoever
    has just chosen a life shorter than a notice's time knows, so that one is left out; only the last
    is always given.
    """
    if expiry.ended(now):
        return None
    life, rest = expiry.expires - expiry.since, expiry.expires - now
    due = [
        before for before in NOTICES if rest <= before and (life > before or before is NOTICES[-1])
    ]
    shortest = min(due, default=None)
    if shortest is None or (expiry.told is not None and expiry.told <= shortest):
        return None
    return shortest


def left(expiry: Expiry, now: datetime) -> str:
    """Return the rest of a server's life in words: ``6 days left``, ``ends in 5 h 20 min``."""
    if expiry.ended(now):
        return "ends now"
    minutes = ceil((expiry.expires - now).total_seconds() / 60)
    if minutes < 60:
        return f"ends in {minutes} min"
    if minutes < 48 * 60:
        return f"ends in {minutes // 60} h {minutes % 60} min"
    return f"{round(minutes / (24 * 60))} days left"


def announcement(server: str, expiry: Expiry, now: datetime) -> str:
    """Return what is said inside the lab: at most 140 characters."""
    name = f"The server {server[:30]}" if server else "Your server"
    minutes = max(1, round((expiry.expires - now).total_seconds() / 60))
    hours = round(minutes / 60)
    rest = f"{minutes} minutes" if minutes < 90 else f"{hours} hours"
    rest = "1 minute" if minutes == 1 else rest
    return (
        f"{name} ends in {rest}. Your files stay. To keep it running, extend it on the home page."
    )


def _days(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'}"
