"""What a browser remembers of a sign-in: as whom, and by which way.

Browsers that were signed in before are throttled apart from everybody else, so nobody can keep a person
out by failing in that person's name, not even from the same address. The
cookie says no more than that: it lets nobody in.
"""

from __future__ import annotations

import secrets
from typing import Any

_COOKIE = "labyard-known"
_WAY = "labyard-way"
_DAYS = 90


def known(handler: Any, name: str) -> str:
    """Return the id of the browser if ``name`` signed in with it before, else an empty string."""
    cookie = handler.get_secure_cookie(_COOKIE, max_age_days=_DAYS) or b""
    owner, _, browser = cookie.decode(errors="replace").partition(" ")
    return str(browser) if owner and owner == name else ""


def remember(handler: Any, name: str) -> None:
    """Let the browser remember that ``name`` signed in with it."""
    value = f"{name} {known(handler, name) or secrets.token_hex(8)}"
    handler._set_cookie(
        _COOKIE, value, path=handler.hub.base_url, expires_days=_DAYS, samesite="Lax"
    )


def came_by(handler: Any, way: str) -> None:
    """Let the browser remember by which way somebody came in, until they sign out."""
    handler._set_cookie(_WAY, way, path=handler.hub.base_url, expires_days=None)


def goes_by(handler: Any) -> str:
    """Return the way by which whoever signs out came in, and forget it; empty for a password."""
    way = handler.get_secure_cookie(_WAY) or b""
    handler.clear_cookie(_WAY, path=handler.hub.base_url)
    return str(way.decode(errors="replace"))
