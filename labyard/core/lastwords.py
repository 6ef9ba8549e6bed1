"""What a lab's entry says before it gives up: one line on its error output, and an exit code of its own.

``labyard: <code>: <json object>``, for example ``labyard: hub-unreachable: {"url": "http://…"}``. The line
comes out of a lab, so nobody may trust it: it is parsed strictly, bounded, and escaped where it is shown.
``images/lab/labyard_lab/says.py`` is the other end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from labyard.core.visible import visible

MOST_TEXT = 300  # characters of one fact
MOST_FACTS = 12
_LINE = re.compile(r"^labyard: ([a-z-]{1,40}): (\{.{0,4000}\})\s*$")


class Code(StrEnum):
    """Why a lab's entry gave up. The facts that come with it are in brackets."""

    NO_SECRETS = "no-secrets"  # [file] not started by a hub
    NO_SINGLEUSER = "no-singleuser"  # [module] the image lacks jupyterhub-singleuser
    NOT_WRITABLE = "not-writable"  # [path, uid, gid, mode, user, why] the home is another account's
    HUB_UNREACHABLE = "hub-unreachable"  # [url, why]
    TOKEN_REFUSED = "token-refused"  # noqa: S105  [url, status]
    VERSION_MISMATCH = "version-mismatch"  # [hub, lab] versions of JupyterHub
    NO_ROOM = "no-room"  # [path] neither home nor scratch takes a write


EXITS: Mapping[Code, int] = MappingProxyType(
    {
        Code.NO_SECRETS: 64,
        Code.NO_SINGLEUSER: 65,
        Code.NOT_WRITABLE: 66,
        Code.HUB_UNREACHABLE: 67,
        Code.TOKEN_REFUSED: 68,
        Code.VERSION_MISMATCH: 70,
        Code.NO_ROOM: 71,
    }
)

Fact = str | int | float


@dataclass(frozen=True, slots=True)
class LastWords:
    """What an entry said. Every fact is from inside the lab: show it escaped, believe nothing."""

    code: Code
    facts: Mapping[str, Fact]


def parse(log: str) -> LastWords | None:
    """Return the last thing that an entry said in ``log``, or None when it said nothing."""
    for line in reversed(log.splitlines()):
        if (found := _LINE.match(line.strip())) and found[1] in set(Code):
            return LastWords(Code(found[1]), facts(found[2]))
    return None


def facts(text: str) -> Mapping[str, Fact]:
    """Return the plain facts of a JSON object, cut to bounds; what is no plain value is left out."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    kept: dict[str, Fact] = {}
    for name, value in list(told.items())[:MOST_FACTS]:
        if isinstance(value, str):
            kept[name[:40]] = visible(value[:MOST_TEXT])
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            kept[name[:40]] = value
    return kept
