"""Pages of people and groups for those who look after one group, and deleting somebody with their volumes."""

from __future__ import annotations

from collections.abc import Callable

import docker
import pytest
import requests

from labyard.core.names import USER_ID
from tests.tools.person import Person
from tests.tools.yard import Yard

ADMIN = "services/labyard/admin"
GROUP = "adminteam"


@pytest.fixture(scope="module")
def crew(yard: Yard, admin: Person) -> dict[str, Person]:
    """A member of a group, and somebody who is in none."""
    people = {name: yard.member(name) for name in ("adminmember", "adminother")}
    admin.api("POST", f"groups/{GROUP}")
    admin.api("POST", f"groups/{GROUP}/users", json={"users": ["adminmember"]})
    return people


@pytest.fixture
def ask(admin: Person, crew: dict[str, Person]) -> Callable[..., int]:
    """Open pages with a token that holds some scopes; return the status."""

    def opened(path: str, *scopes: str) -> int:
        held = [*scopes, "access:services!service=labyard"]
        made = admin.api("POST", "users/admin/tokens", json={"scopes": held}).json()
        # What an administrator's browser sends that was led through the hub once more already.
        headers = {"Authorization": f"token {made['token']}", "Cookie": "labyard-renewed=1"}
        url = f"{admin.url}{ADMIN}/{path}"
        return requests.get(url, headers=headers, timeout=60, allow_redirects=False).status_code

    return opened


@pytest.mark.parametrize(
    ("path", "groups", "people", "nothing"),
    [
        ("users", 403, 200, 403),
        ("users/adminmember", 403, 200, 403),
        ("users/adminother", 403, 404, 403),
        ("groups", 200, 403, 403),
        (f"groups/{GROUP}", 200, 403, 403),
        ("groups/docker-privileged", 404, 403, 403),
        ("policies.yaml", 403, 403, 403),
    ],
)
def test_who_looks_after_a_group_sees_that_group_alone(
    path: str, groups: int, people: int, nothing: int, ask: Callable[..., int]
) -> None:
    assert ask(path, f"groups!group={GROUP}", "read:hub") == groups
    assert ask(path, f"admin:users!group={GROUP}", "read:hub") == people
    assert ask(path, "self") == nothing


def test_beyond_the_last_page_is_the_last_one(admin: Person, crew: dict[str, Person]) -> None:
    admin.get("services/labyard/")
    for path in ("users?search=adminmember&page=99", f"groups?search={GROUP}&page=99"):
        text = admin.get(f"{ADMIN}/{path}").text
        assert f"admin/{path.partition('?')[0]}/admin" in text, path


def test_deleting_with_volumes_stops_the_lab_and_leaves_nothing(
    yard: Yard, admin: Person, engine_client: docker.DockerClient
) -> None:
    person = yard.member("admingoes")
    person.run()
    mine = {"label": f"{USER_ID}={yard.user_id('admingoes')}"}

    def there() -> list[str]:
        found = engine_client.volumes.list(filters=mine)
        return [v.name for v in found if yard.installation in v.name]

    assert there()
    page = f"{ADMIN}/users/admingoes"
    wrong = admin.submit(page, {"action": "delete", "confirm": "admin", "volumes": "delete"})
    assert wrong.status_code == 400
    assert person.ready(), "the name has to be typed"
    done = admin.submit(page, {"action": "delete", "confirm": "admingoes", "volumes": "delete"})
    assert "admingoes was deleted" in done.text, done.text
    assert there() == []
    assert admin.api("GET", "users/admingoes").status_code == 404
    assert not person.signed_in
