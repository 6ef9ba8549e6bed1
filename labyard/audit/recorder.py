"""Recording beside the event loop: whoever records never waits, and order is kept."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from labyard.audit.actions import Action
from labyard.audit.details import kept
from labyard.audit.entry import Entry, Outcome, Party

log = logging.getLogger(__name__)

# Entries written in one transaction, and entries that wait for a database that is away.
_AT_ONCE, _MOST = 500, 10_000
# Seconds: between tries to write, and how long the end of the process waits for the last ones.
_AGAIN, _PATIENCE = 2.0, 5.0


class Recorder:
    """Writes entries in a thread of its own, in the order in which they came.

    Nobody is kept from anything by a database that is away: entries wait in memory until it is back.
    Those that find no place there, or that are left at the end, go to the log, one line each.
    """

    def __init__(
        self, write: Callable[[Sequence[Entry]], None], *, most: int = _MOST, again: float = _AGAIN
    ) -> None:
        self._write = write
        self._most, self._again = most, again
        self._waiting: deque[Entry] = deque()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def record(
        self,
        action: Action,
        actor: Party,
        target: Party,
        details: Mapping[str, Any] = MappingProxyType({}),
        *,
        address: str = "",
        outcome: Outcome = Outcome.DONE,
    ) -> None:
        """Take an entry; return at once. An entry that cannot be is a bug, which the log tells."""
        try:
            entry = Entry(action, actor, target, address, outcome, kept(details))
        except (TypeError, ValueError):
            log.exception("An entry of the audit was left out")
            return
        with self._change:
            if len(self._waiting) >= self._most:
                _to_log(self._waiting.popleft())
            self._waiting.append(entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def close(self) -> None:
        """Write what waits, then end. What cannot be written goes to the log."""
        with self._change:
            self._closing = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        with self._change:
            while self._waiting:
                _to_log(self._waiting.popleft())

    def _run(self) -> None:
        away = False
        while batch := self._next():
            try:
                self._write(batch)
            except Exception as error:  # whatever a driver raises: the next try may go well
                if not away:
                    log.error("The audit cannot be written, its entries wait: %r", error)
                away = True
                if not self._pause():
                    return
                continue
            if away:
                log.warning("The audit is written again.")
            away = False
            self._written(batch)

    def _next(self) -> Sequence[Entry]:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closing)
            return [entry for entry, _ in zip(self._waiting, range(_AT_ONCE), strict=False)]

    def _written(self, batch: Sequence[Entry]) -> None:
        """Forget what is in the table; some of it may have gone to the log meanwhile."""
        done = {id(entry) for entry in batch}
        with self._change:
            while self._waiting and id(self._waiting[0]) in done:
                self._waiting.popleft()

    def _pause(self) -> bool:
        """Wait a while; return False when the process ends meanwhile."""
        with self._change:
            return not self._change.wait_for(lambda: self._closing, self._again)


def _to_log(entry: Entry) -> None:
    log.error("Not in the audit's table: %s", entry.line())
