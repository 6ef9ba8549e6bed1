"""What people are still to be told: the newest of each kind for each server, for a day.

In memory: what still is the case is found again after a restart, and what is over was shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from labyard.core.causes import ENDED_BY_ITSELF, KERNEL_OUT_OF_MEMORY, LAB_OUT_OF_MEMORY
from labyard.incidents.incident import Incident

KEPT = timedelta(days=1)
_LATELY = timedelta(seconds=10)
_OF_A_START = timedelta(minutes=1)

Key = tuple[int, str, str]


class Board:
    """The incidents of all users. Holds one for each user, server and cause, so it stays small."""

    def __init__(self) -> None:
        self._told: dict[Key, Incident] = {}
        self._hushed: set[Key] = set()

    def put(self, incident: Incident) -> bool:
        """Take an incident; return whether it is news."""
        before = self._told.get(incident.key)
        if incident.lasting and before is not None:
            self._told[incident.key] = replace(incident, at=before.at)
            return False
        if incident.cause is LAB_OUT_OF_MEMORY:  # the same fact, told of its first process before
            self._forget_lately(incident)
        if before is not None and incident.at - before.at < KEPT:
            incident = replace(incident, times=before.times + 1)
        self._told[incident.key] = incident
        self._hushed.discard(incident.key)
        return True

    def settle(self, user_id: int, server: str, lasting: Iterable[Incident]) -> list[Incident]:
        """Take all that lasts in a lab now; what it does not name is over. Returns the news."""
        now = {incident.key: incident for incident in lasting}
        for key, incident in list(self._told.items()):
            if incident.lasting and key[:2] == (user_id, server) and key not in now:
                del self._told[key]
                self._hushed.discard(key)
        return [incident for incident in now.values() if self.put(incident)]

    def of(self, user_id: int, now: datetime) -> list[Incident]:
        """Return what a person is to be told, the newest first."""
        self._expire(now)
        mine = [i for k, i in self._told.items() if k[0] == user_id and k not in self._hushed]
        return sorted(mine, key=lambda incident: incident.at, reverse=True)

    def dismiss(self, user_id: int, server: str, code: str) -> None:
        """Show it no more, until it happens again. Nothing is wrong with one that is gone."""
        key = (user_id, server, code)
        if (told := self._told.get(key)) is None:
            return
        if told.lasting:
            self._hushed.add(key)
        else:
            del self._told[key]

    def told_otherwise(self, user_id: int, server: str, at: datetime) -> None:
        """Forget the end of a lab that a start made which failed by ``at``: the start tells of it."""
        for key in _ends(user_id, server):
            if key in self._told and abs(at - self._told[key].at) < _OF_A_START:
                del self._told[key]

    def started(self, user_id: int, server: str) -> None:
        """Forget how a server's lab ended: it runs again."""
        for key in _ends(user_id, server):
            self._told.pop(key, None)

    def _forget_lately(self, incident: Incident) -> None:
        key = (incident.user_id, incident.server, KERNEL_OUT_OF_MEMORY.code)
        told = self._told.get(key)
        if told is not None and incident.at - told.at < _LATELY:
            del self._told[key]

    def _expire(self, now: datetime) -> None:
        for key, incident in list(self._told.items()):
            if now - incident.at > KEPT and not incident.lasting:
                del self._told[key]


def _ends(user_id: int, server: str) -> list[Key]:
    return [(user_id, server, cause.code) for cause in (LAB_OUT_OF_MEMORY, ENDED_BY_ITSELF)]
