"""Notices in real labs: who can make them appear, and who cannot."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import docker
import pytest
import requests

from labyard.core.models import Lab
from labyard.core.names import Names
from labyard.notices.models import Kind, Notice, Outcome
from labyard.notices.seal import KEY, PATH, REPORT, SEAL, TIME, seal
from tests.tools.kernel import Kernel
from tests.tools.notices import lab_of, send
from tests.tools.person import Person
from tests.tools.yard import Yard

# A lab from somebody else's image.
OTHER_LAB = '''
LAB = """
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

class Lab(SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("X-JupyterHub-Version", "6")
        super().end_headers()

ThreadingHTTPServer(("", 8888), Lab).serve_forever()
"""
c.Spawner.cmd = ["python3", "-c", LAB]
'''
WORDS = Notice("Maintenance at 18:00.", Kind.WARNING, False)


@pytest.fixture(scope="module")
def nora(yard: Yard) -> Person:
    person = yard.member("nora")
    person.run()
    return person


@pytest.fixture(scope="module")
def nils(yard: Yard) -> Person:
    person = yard.member("nils")
    person.run()
    return person


@pytest.fixture
def lab(yard: Yard, nora: Person) -> Lab:
    """Nora's lab, with nothing to show."""
    waiting(nora)
    return lab_of(yard, "nora")


def waiting(person: Person) -> list[dict[str, Any]]:
    """Return what JupyterLab would show next, as its page asks for it."""
    person.lab("lab")
    answer = person.lab("jupyterlab-notifications-extension/notifications")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["notifications"]
    return found


def kept(yard: Yard, client: docker.DockerClient, person: str) -> dict[str, str]:
    """Return the secrets of a lab, as whoever works in it can read them."""
    container = client.containers.get(Names(yard.installation).lab(person))
    found: dict[str, str] = json.loads(container.exec_run("cat /run/labyard/secrets.json").output)
    return found


def post(lab: Lab, key: str, body: bytes, made: int = 0, path: str = PATH) -> requests.Response:
    now = made or int(time.time())
    headers = {SEAL: seal(key, now, body), TIME: str(now)}
    return requests.post(
        f"http://{lab.host}:{lab.port}{path}", data=body, headers=headers, timeout=30
    )


def test_a_notice_waits_in_the_lab_for_whoever_looks(yard: Yard, nora: Person, lab: Lab) -> None:
    assert send(yard, lab, WORDS) is Outcome.SHOWN
    (found,) = waiting(nora)
    assert (found["message"], found["type"], found["autoClose"]) == (
        "Maintenance at 18:00.",
        "warning",
        False,
    )


def test_what_was_sent_twice_is_shown_once(yard: Yard, nora: Person, lab: Lab) -> None:
    for _ in range(2):
        assert send(yard, lab, WORDS, id="the same") is Outcome.SHOWN
    assert len(waiting(nora)) == 1


def test_a_notice_is_nobodys_activity(yard: Yard, nora: Person, lab: Lab) -> None:
    nora.lab("lab")
    before = nora.lab("api/status?no_track_activity=1").json()["last_activity"]
    assert send(yard, lab, WORDS) is Outcome.SHOWN
    assert nora.lab("api/status?no_track_activity=1").json()["last_activity"] == before


def test_what_another_lab_holds_makes_no_notice(
    yard: Yard, nora: Person, nils: Person, lab: Lab, engine_client: docker.DockerClient
) -> None:
    secrets = kept(yard, engine_client, "nils")
    body = json.dumps({**WORDS.as_json(), "id": "x"}).encode()
    for key in secrets.values():
        assert post(lab, key, body).status_code == 401
        assert post(lab, key, b"known", path=REPORT).status_code == 401
    own = kept(yard, engine_client, "nora")[KEY]
    assert "skew" in post(lab, own, b"known", path=REPORT).json()
    for token in [*secrets.values(), nils.token, nora.token]:
        for header in ("Authorization", SEAL):
            answer = requests.post(
                f"http://{lab.host}:{lab.port}{PATH}",
                data=body,
                headers={header: f"token {token}", TIME: str(int(time.time()))},
                timeout=30,
            )
            assert answer.status_code == 401
    assert waiting(nora) == []


def test_a_seal_is_for_one_lab_some_words_and_some_minutes(
    yard: Yard, nora: Person, lab: Lab, engine_client: docker.DockerClient
) -> None:
    key = kept(yard, engine_client, "nora")[KEY]
    body = json.dumps({**WORDS.as_json(), "id": "y"}).encode()
    assert post(lab, key, body, made=int(time.time()) - 900).status_code == 401
    assert post(lab, "", body).status_code == 401
    assert post(lab, key, body + b" " * 20_000).status_code == 401
    assert waiting(nora) == []
    assert post(lab, key, body).status_code == 200
    assert len(waiting(nora)) == 1


def test_the_edge_leads_nobody_there(yard: Yard, nora: Person, lab: Lab) -> None:
    for path in (PATH.lstrip("/"), nora.server_path() + PATH.lstrip("/")):
        answer = requests.post(yard.url + path, data=b"{}", timeout=30)
        assert answer.status_code in (403, 404, 405)


def test_the_key_is_out_of_sight(
    yard: Yard, nora: Person, lab: Lab, engine_client: docker.DockerClient
) -> None:
    key = kept(yard, engine_client, "nora")[KEY]
    container = engine_client.containers.get(lab.name)
    assert key not in json.dumps(container.attrs)
    assert key.encode() not in container.logs()
    kernel = Kernel(nora)
    try:
        assert kernel.run(f"import os; print({KEY!r} in os.environ)") == "False"
    finally:
        kernel.close()


def test_after_a_new_start_the_old_key_is_worth_nothing(
    yard: Yard, nora: Person, lab: Lab, engine_client: docker.DockerClient
) -> None:
    old = kept(yard, engine_client, "nora")[KEY]
    nora.halt()
    assert send(yard, lab, WORDS) is not Outcome.SHOWN
    nora.run()
    new = lab_of(yard, "nora")
    assert post(new, old, json.dumps({**WORDS.as_json(), "id": "z"}).encode()).status_code == 401
    assert send(yard, new, WORDS) is Outcome.SHOWN


def test_a_restart_in_place_goes_on_taking_notices(
    yard: Yard, nora: Person, lab: Lab, engine_client: docker.DockerClient
) -> None:
    own = {"Authorization": f"token {nora.token}"}
    url = f"{yard.url}services/labyard/api/users/nora/server/restart"
    assert requests.post(url, headers=own, timeout=120).status_code == 200
    assert send(yard, lab_of(yard, "nora"), WORDS) is Outcome.SHOWN


def test_a_lab_that_knows_no_notices_says_so(make_yard: Callable[..., Yard]) -> None:
    yard = make_yard()
    config = yard.directory / "jupyterhub_config.d"
    config.mkdir()
    (config / "other.py").write_text(OTHER_LAB)
    yard.up()
    admin = yard.bootstrap()
    admin.run()
    assert send(yard, lab_of(yard, admin.name), WORDS) is Outcome.UNABLE
