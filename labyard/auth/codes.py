"""One-time codes: whoever has one sets the password of the account it was made for."""

from __future__ import annotations

import hashlib
import hmac
import secrets

# No 0, 1, l, o: read aloud or copied from paper, they are mistaken for each other.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _LETTERS = 5, 4


def new() -> str:
    """Return a code of 100 random bits, like ``k3vd-9xqa-72mn-pb4s-hw8c``."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


def digest(code: str) -> str:
    """Return what is stored of a code. It needs no salt: there are too many codes to try."""
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def fits(stored: str | None, code: str) -> bool:
    """Return, in constant time, whether ``code`` is the one whose digest was stored."""
    return hmac.compare_digest(stored or digest(new()), digest(code)) and stored is not None
