"""Who sees which page of administration."""

from __future__ import annotations

import pytest
from jupyterhub.scopes import parse_scopes

from labyard.web import administration
from labyard.web.administration import AdminPage, visible

SERVERS = AdminPage("servers", "Servers", "box", "read:servers")
AUDIT = AdminPage("audit", "Audit", "key", "admin:users", whole=True)


@pytest.fixture(autouse=True)
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration, "PAGES", (SERVERS, AUDIT))


@pytest.mark.parametrize(
    ("scopes", "seen"),
    [
        ((), ()),
        (("read:servers!user=anna", "admin:users!user=anna"), ()),
        (("read:servers!server=anna/train",), ()),
        (("read:servers!user=anna", "read:servers!user=bob"), (SERVERS,)),
        (("read:servers!group=team", "admin:users!group=team"), (SERVERS,)),
        (("read:servers", "admin:users"), (SERVERS, AUDIT)),
        (("admin:users",), (AUDIT,)),
    ],
)
def test_a_page_is_for_whoever_holds_its_scope_over_others(
    scopes: tuple[str, ...], seen: tuple[AdminPage, ...]
) -> None:
    assert visible(scopes, "anna") == seen
    assert visible(parse_scopes(frozenset(scopes)), "anna") == seen
