"""What the entry says to the hub: one line that a program can read, and an exit code of its own.

``labyard/core/lastwords.py`` is the other end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import NoReturn

EXITS = {
    "no-secrets": 64,
    "no-singleuser": 65,
    "not-writable": 66,
    "hub-unreachable": 67,
    "token-refused": 68,
    "version-mismatch": 70,
    "no-room": 71,
}


def line(code: str, facts: dict[str, object]) -> str:
    """Return the line that tells ``code`` and what belongs to it."""
    return f"labyard: {code}: {json.dumps(facts)}"


def end(code: str, sentence: str, **facts: object) -> NoReturn:
    """Say in words and in one line for the hub why this lab cannot run, and end it, from any thread."""
    print(sentence, line(code, facts), sep="\n", file=sys.stderr, flush=True)
    if threading.current_thread() is threading.main_thread():
        sys.exit(EXITS[code])
    os._exit(EXITS[code])
