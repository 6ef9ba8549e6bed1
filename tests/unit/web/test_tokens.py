"""The page of API tokens: what may be asked for, and how what there is reads."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from labyard.core.errors import Refused
from labyard.web.view.tokens import (
    LONGEST_NOTE,
    RIGHTS,
    Typed,
    lives,
    rights_in_words,
    tokens,
    usual,
    wish,
)
from tests.unit.web.conftest import NOW

GOOD = Typed(note="nightly  report ", rights=["see"], life="90")


def test_a_token_is_asked_for_with_its_owners_rights_and_no_others() -> None:
    asked = wish(GOOD, longest=None)
    assert asked.note == "nightly report"
    assert asked.life == 90 * 86_400
    narrow = [right for right in RIGHTS if right.key != "all"]
    for size in range(1, len(narrow) + 1):
        for some in itertools.combinations(narrow, size):
            scopes = wish(replace(GOOD, rights=[one.key for one in some]), longest=None).scopes
            assert all(s.endswith("!user") or s.startswith("access:services!") for s in scopes)
            assert not any("token" in scope or "admin" in scope for scope in scopes)


def test_everything_is_everything_whatever_else_is_ticked() -> None:
    assert wish(replace(GOOD, rights=["see", "all"]), longest=None).scopes == ("inherit",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"note": ""}, "note"),
        ({"note": "x" * (LONGEST_NOTE + 1)}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"rights": []}, "could do nothing"),
        ({"rights": ["see", "admin:users"]}, "could do nothing"),
        ({"life": "91"}, "cannot live that long"),
        ({"life": ""}, "cannot live that long"),
        ({"life": "never"}, "never expires"),
    ],
)
def test_what_cannot_be_asked_for(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        wish(replace(GOOD, **change), longest=None)
    assert refused.value.remedy


def test_never_is_had_by_meaning_it() -> None:
    assert wish(replace(GOOD, life="never", meant=True), longest=None).life is None


def test_a_sites_limit_bounds_what_is_offered() -> None:
    month = lives(30 * 86_400)
    assert [life.key for life in month] == ["1", "7", "30"]
    assert usual(month) == "30"
    assert usual(lives(None)) == "90"
    (only,) = lives(3600)
    assert (only.words, only.seconds, usual([only])) == ("1h", 3600, only.key)
    with pytest.raises(Refused):
        wish(replace(GOOD, life="never", meant=True), longest=30 * 86_400)


def model(token_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": token_id,
        "note": "report",
        "scopes": ["read:servers!user=anna"],
        "created": "2026-03-04T11:00:00.000000Z",
        "last_activity": None,
        "expires_at": None,
        "oauth_client": "JupyterHub",
        **more,
    }


def test_own_tokens_those_of_apps_and_those_of_labs_are_told_apart() -> None:
    server = "Server at /user/anna/"
    found = tokens(
        [
            model("a1", last_activity="2026-03-04T11:30:00Z", expires_at="2026-03-06T12:00:00Z"),
            model("a2", note=server),
            model("a3", oauth_client=server, last_activity="2026-03-04T11:59:50Z"),
            model("a4", oauth_client=server),
            model("a5", oauth_client="JupyterHub service labyard"),
            model("a6", note=server),
        ],
        {"a2"},
        owner="anna",
        now=NOW,
    )
    assert [token.id for token in found.own] == ["a1", "a6"]
    assert [token.id for token in found.labs] == ["a2"]
    assert [(app.note, app.id) for app in found.apps] == [("These pages", "a5"), (server, "a3")]
    mine = found.own[0]
    assert (mine.created, mine.used, mine.expires) == ("1 h 0 min ago", "30 min ago", "in 2 days")
    assert mine.soon
    assert (found.own[1].used, found.own[1].expires) == ("never", "never")


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        (["read:servers!user=anna", "read:users:name!user=anna"], ("See my servers",)),
        (["servers!user=anna", "read:servers!user=anna"], ("Start and stop my servers",)),
        (
            ["access:servers!user=anna", "read:servers!user=anna"],
            ("See my servers", "Work inside my running labs"),
        ),
        (["tokens!user=anna", "servers!user=anna"], ("Everything I may do",)),
        (["read:servers!user=ben"], ("read:servers!user=ben",)),
        (["access:servers!server=anna/", "read:users:name!user=anna"], ("Open this lab",)),
        (["admin:users", "read:users"], ("admin:users",)),
        ([], ("See who I am",)),
    ],
)
def test_rights_are_said_in_words(scopes: list[str], said: tuple[str, ...]) -> None:
    assert rights_in_words(scopes, "anna") == said
