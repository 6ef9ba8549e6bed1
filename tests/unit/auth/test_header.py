"""What a trusted proxy's header says."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from labyard.auth.ways.header import NotNamed, RoleMissing, Rule

RULE = Rule("Cn", "isMemberOf", "labs:users")


class Sent(list[tuple[str, str]]):
    """Headers as they came, odd ones too."""

    def get_list(self, name: str) -> list[str]:
        return [value for sent, value in self if sent.lower() == name.lower()]


def said(*pairs: tuple[str, str]) -> str:
    return RULE.subject(Sent(pairs))


@pytest.mark.parametrize("name", ["anna", "  Anna ", "ANNA"])
@pytest.mark.parametrize("roles", ["labs:users", "x;labs:users", "labs:users;x", ";labs:users;;y"])
def test_a_name_is_trimmed_and_lower_case_and_the_role_an_item(name: str, roles: str) -> None:
    assert said(("cn", name), ("ISMEMBEROF", roles)) == "anna"


@pytest.mark.parametrize(
    "roles",
    ["", "labs:users2", "xlabs:users", "labs", "LABS:USERS", "labs:users,x", "a b;labs: users"],
)
def test_a_role_is_a_whole_item_or_none(roles: str) -> None:
    with pytest.raises(RoleMissing, match="labs:users"):
        said(("Cn", "anna"), ("isMemberOf", roles))


def test_who_is_not_named_once_is_not_named() -> None:
    role = ("isMemberOf", "labs:users")
    for names in ([], [""], [" "], ["anna", "admin"], ["anna", "anna"]):
        with pytest.raises(NotNamed):
            said(role, *(("Cn", name) for name in names))
    with pytest.raises(RoleMissing):
        said(("Cn", "anna"))
    with pytest.raises(RoleMissing):
        said(("Cn", "anna"), role, ("isMemberOf", "x"))


def test_without_a_role_a_name_is_enough() -> None:
    assert Rule("Cn").subject(HTTPHeaders({"Cn": "Anna"})) == "anna"
