"""Who did what, and how long that is kept."""

from __future__ import annotations

from labyard.settings.kinds import Seconds
from labyard.settings.section import Section, option


class AuditSettings(Section):
    """The record of who did what."""

    keep: Seconds | None = option(
        "400d", "How long an entry is kept; null for ever. Older ones are let go every hour."
    )
