"""Who may do what with tokens and SSH keys: one's own, with enough rights, and nobody else's."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from labyard.web.view.tokens import Typed, wish
from tests.tools.kernel import Kernel
from tests.tools.person import Person
from tests.tools.yard import Yard

API = "services/labyard/api/"


@pytest.fixture(scope="module")
def vera(yard: Yard, admin: Person) -> Person:
    return yard.member("vera")


@pytest.fixture(scope="module")
def walt(yard: Yard, admin: Person) -> Person:
    return yard.member("walt")


def call(yard: Yard, token: str, method: str, path: str, **more: Any) -> requests.Response:
    headers = {"Authorization": f"token {token}"}
    return requests.request(method, yard.url + path, headers=headers, timeout=120, **more)


def make_token(person: Person, *rights: str, life: int = 3600) -> str:
    """Make a token as the page does, for the rights of its list."""
    asked = wish(Typed("a test", rights, "1"), longest=None)
    body = {"note": asked.note, "scopes": list(asked.scopes), "expires_in": life}
    answer = person.api("POST", f"users/{person.name}/tokens", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def make_key(directory: Path, name: str = "key") -> str:
    file = directory / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return file.with_suffix(".pub").read_text()


def test_a_token_does_what_it_was_made_for_and_no_more(
    yard: Yard, vera: Person, walt: Person, tmp_path: Path
) -> None:
    see, act, use = (make_token(vera, right) for right in ("see", "act", "use"))
    mint = {"method": "POST", "path": "hub/api/users/vera/tokens", "json": {"note": "more"}}
    keep = {
        "method": "POST",
        "path": f"{API}users/vera/keys",
        "json": {"key": make_key(tmp_path)},
    }

    def allowed(token: str) -> list[str]:
        ways = {
            "see": {"method": "GET", "path": f"{API}servers/vera"},
            "see at the hub": {"method": "GET", "path": "hub/api/users/vera"},
            "stop": {"method": "POST", "path": f"{API}users/vera/server/stop"},
            "mint": mint,
            "keep": keep,
            "keys": {"method": "GET", "path": f"{API}users/vera/keys"},
            "tokens": {"method": "GET", "path": "hub/api/users/vera/tokens"},
            "another's": {"method": "GET", "path": f"{API}servers/walt"},
            "people": {"method": "GET", "path": "hub/api/users"},
        }
        return [way for way, asked in ways.items() if call(yard, token, **asked).ok]

    assert allowed(see) == ["see", "see at the hub"]
    assert allowed(act) == ["see", "see at the hub", "stop"]
    assert allowed(use) == ["see at the hub"]  # the name alone
    everything = allowed(make_token(vera, "all"))
    assert {"see", "stop", "mint", "keep", "keys", "tokens"} <= set(everything)
    assert not {"another's", "people"} & set(everything)


def test_an_expired_token_lets_nobody_in(yard: Yard, vera: Person) -> None:
    token = make_token(vera, "see", life=2)
    assert call(yard, token, "GET", f"{API}servers/vera").status_code == 200
    deadline = time.monotonic() + 10
    while call(yard, token, "GET", f"{API}servers/vera").status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert call(yard, token, "GET", "hub/api/users/vera").status_code == 403


def test_a_labs_token_makes_no_tokens_and_keeps_no_keys(
    yard: Yard, vera: Person, tmp_path: Path
) -> None:
    vera.run()
    kernel = Kernel(vera)
    token = kernel.run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])")
    kernel.close()
    body = {"key": make_key(tmp_path)}
    assert call(yard, token, "POST", "hub/api/users/vera/activity", json={}).status_code != 403
    for method, path, more in (
        ("POST", "hub/api/users/vera/tokens", {"note": "mine"}),
        ("GET", "hub/api/users/vera/tokens", None),
        ("POST", f"{API}users/vera/keys", body),
        ("GET", f"{API}users/vera/keys", None),
        ("GET", "services/labyard/account/tokens", None),
    ):
        answer = call(yard, token, method, path, json=more, allow_redirects=False)
        assert answer.status_code in {302, 401, 403}, f"{method} {path}: {answer.status_code}"

    page = vera.get("services/labyard/account/tokens").text
    assert "Held by running labs" in page
    models = vera.api("GET", "users/vera/tokens").json()["api_tokens"]
    held = next(m for m in models if m["note"].startswith("Server at"))
    kept = vera.submit_at("services/labyard/account/tokens", "/revoke", {"token": held["id"]})
    assert "A running lab works with this token" in kept.text
    assert held["id"] in {
        m["id"] for m in vera.api("GET", "users/vera/tokens").json()["api_tokens"]
    }
    vera.halt()


def test_nobody_reaches_anothers_keys_or_tokens(
    yard: Yard, vera: Person, walt: Person, tmp_path: Path
) -> None:
    body = {"key": make_key(tmp_path), "label": "walt's"}
    made = call(yard, walt.token, "POST", f"{API}users/walt/keys", json=body)
    assert made.status_code == 201
    kept = made.json()
    for method, path in (
        ("GET", f"{API}users/walt/keys"),
        ("POST", f"{API}users/walt/keys"),
        ("DELETE", f"{API}users/walt/keys/{kept['id']}"),
        ("GET", "hub/api/users/walt/tokens"),
        ("POST", "hub/api/users/walt/tokens"),
        ("GET", f"{API}users/nobody-here/keys"),
    ):
        json_body = body if method == "POST" else None
        answer = call(yard, vera.token, method, path, json=json_body)
        assert answer.status_code in {403, 404}, f"{method} {path}"
    own = call(yard, vera.token, "DELETE", f"{API}users/vera/keys/{kept['id']}")
    assert own.status_code == 404
    taken = call(yard, vera.token, "POST", f"{API}users/vera/keys", json=body)
    assert (taken.status_code, taken.json()["error"]) == (409, "busy")
    assert "walt" not in taken.text

    vera.submit_at("services/labyard/account/keys", "/delete", {"key": str(kept["id"])})
    keys = call(yard, walt.token, "GET", f"{API}users/walt/keys").json()["keys"]
    assert [key["id"] for key in keys] == [kept["id"]]


@pytest.mark.parametrize(
    "body", [{}, {"key": 1}, {"key": "ssh-ed25519 AAAA", "label": []}, {"key": "x" * 20_000}]
)
def test_what_is_no_key_is_refused(yard: Yard, vera: Person, body: dict[str, Any]) -> None:
    answer = call(yard, vera.token, "POST", f"{API}users/vera/keys", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "refused")
    assert answer.json()["remedy"]


def test_what_is_too_large_is_told_on_the_page(vera: Person) -> None:
    page = vera.submit_at("services/labyard/account/keys", "", {"key": "x" * 300_000})
    assert page.status_code == 413
    assert "larger than the 256 KB" in page.text


def test_the_command_line_keeps_keys_and_removal_takes_them_along(
    yard: Yard, admin: Person, tmp_path: Path
) -> None:
    yard.labyard("users", "add", "xena")
    text = make_key(tmp_path)
    file = str(tmp_path / "key.pub")
    added = yard.labyard("users", "keys", "add", "xena", file, "--label", "desk").stdout
    assert "desk was added, SHA256:" in added
    (kept,) = json.loads(yard.labyard("users", "keys", "list", "xena", "--json").stdout)
    assert kept["key"] == " ".join(text.split()[:2])
    assert "just now" in yard.labyard("users", "keys", "list", "xena").stdout
    twice = yard.labyard("users", "keys", "add", "xena", file, check=False)
    assert "kept here already" in twice.stderr
    wrong = yard.labyard("users", "keys", "remove", "xena", "SHA256:no", check=False)
    assert "xena has no key SHA256:no." in wrong.stderr
    yard.labyard("users", "keys", "remove", "xena", kept["fingerprint"])
    assert "has no keys" in yard.labyard("users", "keys", "list", "xena").stdout
    yard.labyard("users", "keys", "add", "xena", "-", input=text)
    yard.labyard("users", "remove", "--yes", "xena")
    yard.labyard("users", "add", "xena")
    assert "has no keys" in yard.labyard("users", "keys", "list", "xena").stdout
    yard.labyard("users", "keys", "add", "xena", file)  # free again
