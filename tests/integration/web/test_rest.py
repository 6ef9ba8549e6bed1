"""REST and its defences, on a whole installation."""

from __future__ import annotations

import re
import time
from typing import Any

import docker
import pytest
import requests

from tests.tools.person import Person
from tests.tools.yard import Yard

API = "services/labyard/api/"


def ask(person: Person, method: str, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"token {person.token}", **options.pop("headers", {})}
    return requests.request(
        method, person.url + API + path, headers=headers, timeout=120, **options
    )


@pytest.fixture(scope="module")
def carla(yard: Yard) -> Person:
    return yard.member("carla")


@pytest.fixture(scope="module")
def dora(yard: Yard) -> Person:
    return yard.member("dora")


@pytest.mark.timeout(300)
def test_a_server_is_started_looked_at_restarted_and_deleted(
    carla: Person, yard: Yard, engine_client: docker.DockerClient
) -> None:
    own = "users/carla/server"
    started = ask(carla, "POST", f"{own}/start")
    assert started.status_code == 200, started.text
    assert started.json()["state"] == "running"
    container = engine_client.containers.get(f"{yard.installation}-carla")

    again = ask(carla, "POST", f"{own}/start")
    assert (again.status_code, again.json()["error"]) == (409, "busy")
    refused = ask(carla, "POST", "users/carla/volumes/reset", json={"volumes": ["cache"]})
    assert refused.status_code == 409
    assert "running" in refused.json()["message"]

    began = container.attrs["State"]["StartedAt"]
    assert ask(carla, "POST", f"{own}/restart").status_code == 200
    after = engine_client.containers.get(f"{yard.installation}-carla")
    assert after.id == container.id
    assert after.attrs["State"]["StartedAt"] != began
    assert carla.lab("api").status_code == 200
    assert carla.ready()

    logs = ask(carla, "GET", f"{own}/logs?lines=5").json()["logs"]
    assert 0 < len(logs.splitlines()) <= 5
    details = ask(carla, "GET", "servers/carla").json()
    assert details["state"] == "running"
    assert details["memory_limit"] == 4 * 2**30

    assert ask(carla, "DELETE", own).status_code == 204
    assert ask(carla, "POST", f"{own}/stop").json()["state"] == "stopped"
    assert ask(carla, "POST", f"{own}/restart").status_code == 409
    with pytest.raises(docker.errors.NotFound):
        engine_client.containers.get(f"{yard.installation}-carla")

    before = {v.name for v in engine_client.volumes.list()}
    reset = ask(carla, "POST", "users/carla/volumes/reset", json={"volumes": ["cache"]})
    assert reset.json() == {"user": "carla", "reset": ["cache"]}
    gone = before - {v.name for v in engine_client.volumes.list()}
    assert f"{yard.installation}-carla_cache" in gone
    assert f"{yard.installation}-carla_home" not in gone


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "servers/dora"),
        ("POST", "users/dora/server/start"),
        ("POST", "users/dora/server/stop"),
        ("POST", "users/dora/server/restart"),
        ("DELETE", "users/dora/server"),
        ("DELETE", "users/dora/servers/x"),
        ("GET", "users/dora/server/logs"),
        ("GET", "users/dora/volumes"),
        ("POST", "users/dora/volumes/reset"),
        ("GET", "servers/nobody"),
    ],
)
def test_others_are_out_of_reach_and_so_is_whether_they_exist(
    method: str, path: str, carla: Person, dora: Person
) -> None:
    answer = ask(carla, method, path)
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


def test_the_list_is_ones_own_or_with_rights_everybodys(
    yard: Yard, carla: Person, dora: Person
) -> None:
    mine = ask(carla, "GET", "servers").json()
    assert {server["user"] for server in mine["servers"]} <= {"carla"}
    listed = yard.labyard("servers", "list", "--json").stdout
    assert "carla" in listed or "[" in listed


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_nobody_gets_nothing(token: str, yard: Yard) -> None:
    headers = {"Authorization": f"token {token}"} if token else {}
    answer = requests.get(yard.url + API + "servers", headers=headers, timeout=30)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b"\xff\xfe", b"{", b"[1]"], ids=["deep", "not utf-8", "broken", "list"]
)
def test_a_bad_body_is_refused(body: bytes, carla: Person) -> None:
    answer = ask(carla, "POST", "users/carla/volumes/reset", data=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "refused")


def test_a_name_that_would_answer_for_the_default_server_makes_none(carla: Person) -> None:
    answer = ask(carla, "POST", "users/carla/servers/api/start", json={"options": {}})
    assert (answer.status_code, answer.json()["error"]) == (400, "refused")
    assert "api is part of every server's own address" in answer.json()["message"]
    assert "api" not in [s["server"] for s in ask(carla, "GET", "servers").json()["servers"]]


def test_an_action_by_cookie_needs_the_pages_token(carla: Person) -> None:
    page = carla.get("services/labyard/")
    token = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
    assert token
    url = carla.url + "services/labyard/server/stop"
    assert carla.http.post(url, data={}, timeout=60).status_code in (401, 403)
    forged = {"_xsrf": token[1][:-2] + "xx"}
    assert carla.http.post(url, data=forged, timeout=60).status_code in (401, 403)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    fields = {"_xsrf": token[1]}
    assert carla.http.post(url, data=fields, headers=elsewhere, timeout=60).status_code == 403
    done = carla.http.post(url, data=fields, allow_redirects=False, timeout=60)
    assert done.status_code == 303


def test_every_answer_is_protected(carla: Person) -> None:
    for path in ("services/labyard/", "services/labyard/nowhere", API + "servers"):
        headers = carla.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers


def test_a_withdrawn_token_is_believed_for_a_moment_only(yard: Yard) -> None:
    person = yard.member("elsa")
    assert ask(person, "GET", "servers").status_code == 200
    tokens = person.api("GET", "users/elsa/tokens").json()["api_tokens"]
    for token in tokens:
        if token["note"] == "test":
            person.api("DELETE", f"users/elsa/tokens/{token['id']}")
    deadline = time.monotonic() + 5
    while ask(person, "GET", "servers").status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.2)
