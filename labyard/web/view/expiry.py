"""What is left of a server's life, as it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from labyard.expiry.dates import Expiry, left, worth_extending

_SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ExpiryView:
    """The rest of a server's life. ``at`` is ISO 8601, ``clock`` the same for people."""

    words: str
    at: str
    clock: str
    soon: bool
    extendable: bool


def view_expiries(expiries: Mapping[str, Expiry], now: datetime) -> Mapping[str, ExpiryView]:
    """Return what to draw for each server that ends by itself, by its name."""
    return {name: _view(expiry, now) for name, expiry in expiries.items()}


def _view(expiry: Expiry, now: datetime) -> ExpiryView:
    return ExpiryView(
        words=left(expiry, now),
        at=expiry.expires.isoformat(timespec="seconds"),
        clock=_clock(expiry.expires, now),
        soon=expiry.expires - now <= _SOON,
        extendable=not expiry.ended(now) and worth_extending(expiry, now),
    )


def _clock(then: datetime, now: datetime) -> str:
    year = "" if then.year == now.year else f" {then.year}"
    return f"{then.day} {then:%b}{year}, {then:%H:%M} UTC"
