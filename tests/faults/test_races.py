"""Start, stop, restart, reset and delete at once, in every ordered pair: they take turns."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import docker
import pytest
import requests

from labyard.core.names import Names
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

ACTIONS = ("start", "stop", "restart", "reset", "delete")
ROUNDS = 20  # in all, shared by these people
PEOPLE = 4


def act(person: Person, action: str) -> requests.Response:
    """Ask Labyard's REST API for one action on the person's server called ``s``."""
    base = f"{person.url}services/labyard/api/users/{person.name}"
    headers = {"Authorization": f"token {person.token}"}
    if action == "reset":
        return requests.post(
            f"{base}/volumes/reset", json={"volumes": ["cache"]}, headers=headers, timeout=120
        )
    if action == "delete":
        return requests.delete(f"{base}/servers/s", headers=headers, timeout=120)
    return requests.post(f"{base}/servers/s/{action}", headers=headers, timeout=120)


# A lab that listens at once: what races here is the platform, not JupyterLab.
QUICK_LAB = '''
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


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard(labs={"stop_grace": "1s", "start_timeout": "60s"})
    (yard.directory / "jupyterhub_config.d").mkdir()
    (yard.directory / "jupyterhub_config.d" / "quick.py").write_text(QUICK_LAB)
    yard.up()
    yard.bootstrap()
    return yard


@pytest.mark.timeout(900)
def test_every_pair_ends_in_2xx_or_409_and_all_agree(
    place: Yard, engine_client: docker.DockerClient
) -> None:
    people = [place.member(f"racer{n}") for n in range(PEOPLE)]
    for person in people:
        assert person.token
    with ThreadPoolExecutor(PEOPLE) as pool:
        complaints = [text for texts in pool.map(race, people) for text in texts]
    assert complaints == []
    for person in people:
        agree(place, person, engine_client)


def race(person: Person) -> list[str]:
    """Run this person's share of the rounds; return what was answered but must not be."""
    complaints = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS // PEOPLE):
            for pair in itertools.product(ACTIONS, repeat=2):
                answers = pool.map(lambda action: act(person, action), pair)
                complaints += [
                    f"{pair}: {action} → {answer.status_code} {answer.text}"
                    for action, answer in zip(pair, answers, strict=True)
                    if answer.status_code != 409 and not 200 <= answer.status_code < 300
                ]
    return complaints


def agree(place: Yard, person: Person, client: docker.DockerClient) -> None:
    """Database, engine and proxy tell the same of the server."""
    eventually(lambda: not (person.model("s") or {}).get("pending"), 60, "nothing is pending")
    runs = person.ready("s")
    name = Names(place.installation).lab(person.name, "s")
    assert bool(client.containers.list(all=True, filters={"name": f"^{name}$"})) == runs
    routed = person.lab("", "s", allow_redirects=False).headers.get("Server", "")
    assert routed.startswith("SimpleHTTP") == runs
