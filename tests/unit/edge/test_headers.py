from __future__ import annotations

import re

import pytest

from labyard.edge.headers import TRUSTED_ONLY, pattern


@pytest.mark.parametrize("name", TRUSTED_ONLY)
def test_every_spelling_is_told(name: str) -> None:
    name = name.replace("*", "anything")
    for between in ("-", "_", ".", "--", "-_", ""):
        assert re.search(pattern(), name.replace("-", between)), between
    assert re.search(pattern(), f"{name}_")


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "cookie",
        "host",
        "origin",
        "referer",
        "user-agent",
        "x-xsrftoken",
        "x-auth-token",
        "x-requested-with",
        "sec-websocket-protocol",
        "x-jupyterhub-version",
        "connection",
        "upgrade",
        "content-length",
        "mailbox",
        "cnx",
        "uid2",
    ],
)
def test_other_headers_stay(name: str) -> None:
    assert not re.search(pattern(), name)


def test_what_is_left_out_is_so_in_one_spelling_only() -> None:
    some = pattern(["x-sso-name"], but=["x-sso-name", "x-forwarded-for"])
    assert not re.search(some, "x-sso-name")
    assert not re.search(some, "x-forwarded-for")
    for name in ("x_sso-name", "x-sso_name", "xssoname", "x-sso-name_", "x-forwarded_for"):
        assert re.search(some, name), name
    assert re.search(pattern(["x-sso-name"]), "x-sso-name")
    assert not re.search(pattern(), "x-sso-name")
