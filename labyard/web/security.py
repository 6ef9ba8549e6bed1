"""What every answer carries and every request must pass. Pure; the handlers apply it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from labyard.core.errors import Refused

MAX_BODY = 256 * 2**10  # bytes; the largest honest request is a few hundred
MOST_READ = 4 * MAX_BODY  # bytes that are read to be told that they are too many


class TooLarge(Refused):
    """More is sent than is taken here."""

    code = "too-large"
    status = 413


def refuse_large(body: bytes) -> None:
    """Do nothing if a request's body is of a size that may be.

    Raises
    ------
    TooLarge
        When it is not.
    """
    if len(body) > MAX_BODY:
        raise TooLarge(
            f"This is larger than the {MAX_BODY // 1024} KB that fit here.", remedy="Send less."
        )


def policy(nonce: str = "") -> str:
    """Return the Content-Security-Policy of a page whose scripts carry ``nonce``."""
    scripts = f"'nonce-{nonce}' 'self'" if nonce else "'none'"
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {scripts}",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def headers(nonce: str = "") -> Mapping[str, str]:
    """Return the headers of every answer."""
    return {
        "Content-Security-Policy": policy(nonce),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def parse_json(body: bytes) -> Mapping[str, Any]:
    """Return a request's JSON object; an empty body is an empty object.

    Raises
    ------
    Refused
        When it is anything else: another type, not JSON, not UTF-8, or nested too deep.
    """
    if not body.strip():
        return {}
    try:
        parsed = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Refused("The body is not JSON.", remedy="Send one JSON object in UTF-8.") from None
    if not isinstance(parsed, dict):
        raise Refused("The body is not a JSON object.", remedy='Send, for example, {"key": 1}.')
    return parsed
