"""Setting when servers of a test's installation end, in seconds from now, as nobody else can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from labyard.core.store import Store
from labyard.expiry.dates import Expiry
from labyard.expiry.store import Expiries
from labyard.wiring import Installation
from tests.tools.apart import apart
from tests.tools.yard import Yard


class Dates:
    """The dates of one installation's servers, by the names of their users."""

    def __init__(self, yard: Yard) -> None:
        self._store = Store(Installation.here(yard.file).database)
        self._expiries = Expiries(self._store)

    def set(self, user: str, server: str, seconds: float, *, days: int = 7) -> None:
        """Let a server end ``seconds`` from now, as if ``days`` had been chosen that long before."""
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        expiry = Expiry(expires, expires - timedelta(days=days), days)
        apart(self._expiries.put(self._id(user), server, expiry))

    def get(self, user: str, server: str) -> Expiry | None:
        """Return when a server ends."""
        return apart(self._expiries.get(self._id(user), server))

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def _id(self, user: str) -> int:
        with self._store.read() as connection:
            found = connection.scalar(text("SELECT id FROM users WHERE name = :n"), {"n": user})
        assert found is not None, f"the hub knows no {user}"
        return int(found)
