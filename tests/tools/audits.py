"""An audit that is kept in memory."""

from __future__ import annotations

from labyard.audit.entry import Entry
from labyard.audit.recorder import Recorder
from labyard.audit.requests import Requests, Rules


class InMemory(Requests):
    """Records as the real one does, into ``entries``."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.entries: list[Entry] = []
        super().__init__(Recorder(self.entries.extend), rules or {}, lambda handler: None, ())
