"""Who may do what."""

import pytest

from labyard.core.errors import Forbidden
from labyard.web.rights import ACT, LIST, READ, demand, may

ANNA = {"name": "anna", "scopes": ["servers!user=anna", "read:servers!user=anna"]}
ADMIN = {
    "name": "root",
    "admin": True,
    "scopes": ["admin:servers", "servers", "read:servers", "list:users"],
}


def test_people_act_on_their_own_servers_only() -> None:
    assert may(ANNA, ACT, "anna")
    assert not may(ANNA, ACT, "anna2")
    assert not may(ANNA, ACT)
    assert not may(ANNA, LIST)


def test_admin_scopes_reach_everybody() -> None:
    assert may(ADMIN, ACT, "anna")
    assert may(ADMIN, READ, "anna")
    assert may(ADMIN, LIST)


@pytest.mark.parametrize(
    "caller",
    [
        {"name": "anna", "admin": True, "scopes": []},
        {"name": "anna"},
        {"name": "anna", "scopes": ["read:servers!user=anna"]},
        {"name": "anna", "scopes": ["servers!server=anna/other"]},
    ],
    ids=["admin by name only", "no scopes", "may only read", "one server only"],
)
def test_what_is_not_granted_is_refused(caller: dict[str, object]) -> None:
    with pytest.raises(Forbidden):
        demand(caller, ACT, "anna")
