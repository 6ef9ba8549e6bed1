"""What a hostile page, link or client sends is refused, and quickly in what the hub does."""

from __future__ import annotations

import json
from urllib.parse import urljoin

import pytest
import requests

from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard


@pytest.fixture(scope="module")
def person(yard: Yard, admin: Person) -> Person:
    return yard.member("target")


def post(person: Person, path: str, **options: object) -> requests.Response:
    return person.http.post(urljoin(person.url, path), timeout=20, allow_redirects=False, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path",
    [
        "hub/spawn",
        "hub/login",
        "hub/signup",
        "hub/password",
        "hub/api/users/target/server",
        "services/labyard/api/users/target/server/start",
        "services/labyard/api/users/target/server/stop",
        "services/labyard/api/users/target/volumes/reset",
    ],
)
def test_a_post_without_the_xsrf_token_is_refused(person: Person, path: str) -> None:
    person.get("services/labyard/")
    assert post(person, path, data={"username": "target"}).status_code in (401, 403)
    assert not person.ready()


@pytest.mark.parametrize(
    "link", ["hub/spawn", "hub/spawn/target", "hub/spawn?opt-cpu=1", "hub/spawn/target?cpu=1"]
)
def test_a_link_shows_a_page_to_confirm_and_starts_nothing(person: Person, link: str) -> None:
    page = person.get(link, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert page.status_code == 200
    assert "<form" in page.text
    assert person.model() is None or not person.model()["pending"]  # type: ignore[index]
    assert not person.ready()


@pytest.mark.parametrize("path", ["hub/api/users/target/server", "hub/spawn", "hub/login"])
def test_sixty_megabytes_are_refused(person: Person, path: str) -> None:
    person.get("hub/home")
    body = b'{"user_options": {"image": "' + b"x" * 60_000_000 + b'"}}'
    try:
        answer = post(person, path, data=body, headers={"X-XSRFToken": person.xsrf("/hub/")})
    except requests.ConnectionError:
        return  # the edge answered and hung up while the body was still being sent
    assert answer.status_code == 413


def test_what_labs_reach_of_the_hub_reads_no_large_body(yard: Yard, person: Person) -> None:
    choices = json.loads((yard.data / "choices.json").read_text())
    hub = f"http://{choices['hub_address']}:{yard.settings['hub']['port']}"
    body = b'{"last_activity": "' + b"x" * 9_000_000 + b'"}'
    headers = {"Authorization": f"token {person.token}"}
    try:
        answer = requests.post(
            f"{hub}/hub/api/users/{person.name}/activity", data=body, headers=headers, timeout=20
        )
    except requests.ConnectionError:
        return  # the hub hung up while the body was still being sent
    assert answer.status_code in (400, 413)
    assert "x" * 1000 not in answer.text  # nothing was made of it


def test_cookies_do_not_go_with_another_sites_form(yard: Yard, person: Person) -> None:
    person.get("services/labyard/")
    credentials = [c for c in person.http.cookies if c.name != "_xsrf"]
    assert len(credentials) >= 3
    for cookie in credentials:
        assert "samesite" in {attribute.lower() for attribute in cookie._rest}, cookie.name


def test_deep_json_is_refused(person: Person) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    answer = person.api(
        "POST", "users/target/server", data='{"user_options": {"image": ' + deep + "}}"
    )
    assert 400 <= answer.status_code < 500


def test_invalid_utf8_is_refused(person: Person) -> None:
    answer = person.api(
        "POST", "users/target/server", data=b'{"user_options": {"image": "\xff\xfe"}}'
    )
    assert 400 <= answer.status_code < 500
    assert 400 <= person.get("hub/spawn?opt-image=%ff%fe").status_code < 500
    answer = post(person, "hub/login", data=b"username=%ff%fe&password=x")
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "http:///evil.example",
        "javascript:alert(1)",
        "\thttps://evil.example/",
        "/hub/../../evil.example",
    ],
)
def test_next_does_not_lead_abroad(yard: Yard, person: Person, target: str) -> None:
    someone = yard.person(person.name)
    page = someone.get("hub/login", params={"next": target})
    token = someone.xsrf("hub")
    answer = post(
        someone,
        "hub/login",
        params={"next": target},
        data={"_xsrf": token, "username": person.name, "password": PASSWORD},
    )
    assert page.status_code in (200, 400)
    if answer.status_code == 302:
        where = urljoin(yard.url, answer.headers["Location"])
        assert where.startswith(yard.url)
    else:
        assert 400 <= answer.status_code < 500


def test_a_script_for_a_name_stays_inert(yard: Yard) -> None:
    someone = yard.person("<script>alert(1)</script>")
    assert "<script>alert" not in someone.sign_up(PASSWORD).text
    assert "<script>alert" not in someone.sign_in("x" * 20).text


def test_no_log_keeps_a_token_that_an_address_carries(yard: Yard, person: Person) -> None:
    answer = requests.get(f"{yard.url}hub/api/users?token=a-worthless-one", timeout=20)
    assert answer.status_code == 403
    eventually(lambda: "users?token=[secret]" in yard.log(), 10, "the refusal is logged")
    assert "a-worthless-one" not in yard.log()
