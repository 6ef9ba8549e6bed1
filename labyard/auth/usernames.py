"""Which names people may have. One rule, for sign-up, sign-in, the hub's REST and the command line."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_EMAIL = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")

# Names that read like a part of the house or of an address.
# fmt: off
RESERVED = frozenset({
    "accounts", "anonymous", "api", "bootstrap", "everyone", "guest", "health", "home", "hub",
    "invitation", "jupyterhub", "labyard", "labyard-cli", "login", "logout", "me", "metrics", "new",
    "nobody", "none", "null", "oauth2", "oauth_callback", "oauth_login", "password", "proxy", "root",
    "security", "self", "server", "servers", "service", "services", "share", "shared", "signup",
    "spawn", "static", "stop", "system", "token", "tokens", "undefined", "user", "user-redirect",
    "users",
})
# fmt: on


def normalize(name: str) -> str:
    """Return ``name`` in lower case, if it is plain ASCII.

    Anything else stays as it is and is then refused by :func:`objection`: some foreign letters turn
    into ASCII ones in lower case, the Kelvin sign into ``k``.
    """
    return name.lower() if name.isascii() else name


def objection(name: str, *, email: bool = False, kept: str = "") -> str:
    """Return why a normalised name cannot be used, as one sentence; empty when it can.

    ``email`` admits ``@`` and ``+`` and 64 characters. ``kept`` is the one reserved name that may be
    used: the configured administrator's.
    """
    if not (_EMAIL if email else _PLAIN).fullmatch(name):
        longest, more = (64, " @ +") if email else (32, "")
        return (
            f"A username has 1 to {longest} characters: a-z, 0-9 and . _ -{more},"
            " and begins with a letter or a digit."
        )
    if name.endswith("."):
        return "A username cannot end with a dot."
    if name in RESERVED and name != kept:
        return "This name is reserved."
    return ""
