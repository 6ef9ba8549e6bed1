"""Request headers that say who somebody is or where they come from. Only the edge may write these.

Programs fold ``-`` and ``_`` into one another (CGI and WSGI do), so a header is told by its words, whatever
stands between them.
"""

from __future__ import annotations

from collections.abc import Iterable

# By this one the hub knows that a request came through the edge.
VOUCHED = "x-labyard-edge"
# What is believed of a trusted proxy: where somebody comes from, and what they asked for.
FORWARDING = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
# A trailing * stands for anything.
TRUSTED_ONLY = (
    VOUCHED,
    # where from
    "forwarded",
    "x-forwarded*",
    "x-real-ip",
    "x-client-ip",
    "client-ip",
    "true-client-ip",
    "x-cluster-client-ip",
    "cf-connecting-ip",
    # which way
    "x-scheme",
    "x-original-*",
    "x-rewrite-url",
    "x-proxycontextpath",
    "proxy",
    # who
    "remote-*",
    "x-remote-*",
    "x-auth-request-*",
    "x-auth-user*",
    "x-auth-email",
    "x-auth-group*",
    "x-webauth-*",
    "x-authenticated-*",
    "x-authentik-*",
    "x-goog-authenticated-*",
    "x-ms-client-principal*",
    "x-proxy-user*",
    "x-user*",
    "x-email",
    "x-group*",
    "ssl-client-*",
    "x-ssl-client-*",
    "x-client-cert*",
    "x-client-dn",
    "cn",
    "ismemberof",
    "eppn",
    "uid",
    "mail",
    "affiliation",
    "persistent-id",
)


def pattern(names: Iterable[str] = (), but: Iterable[str] = ()) -> str:
    """Return a regular expression for all spellings of the headers that only the edge may write.

    ``names`` are more of them. Those in ``but`` are left out, in this very spelling and no other. All are
    in lower case.
    """
    between = "[^a-z0-9]*"
    spelled = (
        between.join(name.removesuffix("*").rstrip("-").split("-"))
        + (".*" if name.endswith("*") else between)
        for name in (*TRUSTED_ONLY, *names)
    )
    left_out = f"(?!({'|'.join(but)})$)" if but else ""
    return f"^{left_out}({'|'.join(spelled)})$"
