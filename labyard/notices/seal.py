"""The seal on a notice or a question: only who holds the lab's key can have made it.

It tells nothing of the key, so a notice that reaches the wrong lab gives that one nothing to use on another.

This file serves the hub and labs; it must not import anything of Labyard.
"""

from __future__ import annotations

import hashlib
import hmac

KEY = "NOTICES_KEY"  # among a lab's secrets
# At the lab's root, which the edge leads nobody to.
PATH = "/labyard/notices"
REPORT = "/labyard/report"
ACTIVITY = "/labyard/activity"
SEAL, TIME = "Labyard-Seal", "Labyard-Time"
VALID = 300  # seconds that clocks may differ, and an answer may take


def seal(key: str, time: int, body: bytes) -> str:
    """Return the seal of ``body``, made at ``time`` (seconds since 1970)."""
    return hmac.new(key.encode(), b"%d\n" % time + body, hashlib.sha256).hexdigest()


def holds(key: str, found: str, made: str, now: float, body: bytes) -> bool:
    """Return whether ``found`` is the seal of ``body``, ``made`` within minutes of ``now``."""
    if not (key and made.isascii() and made.isdigit() and len(made) < 16):
        return False
    expected = seal(key, int(made), body)
    return hmac.compare_digest(expected.encode(), found.encode()) and abs(now - int(made)) <= VALID
