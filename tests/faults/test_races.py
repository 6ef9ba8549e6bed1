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
ROUNDS = 20


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


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard(labs={"stop_grace": "1s", "start_timeout": "60s"})
    yard.up()
    yard.bootstrap()
    return yard


@pytest.mark.timeout(900)
def test_every_pair_ends_in_2xx_or_409_and_all_agree(
    place: Yard, engine_client: docker.DockerClient
) -> None:
    person = place.member("racer")
    pairs = list(itertools.product(ACTIONS, repeat=2))
    with ThreadPoolExecutor(2) as pool:
        for round_ in range(ROUNDS):
            # Every round takes each pair once; over the rounds each pair meets every state.
            for pair in pairs if round_ == 0 else pairs[round_ % 5 :: 5]:
                answers = list(pool.map(lambda action: act(person, action), pair))
                for action, answer in zip(pair, answers, strict=True):
                    assert answer.status_code == 409 or 200 <= answer.status_code < 300, (
                        f"round {round_}, {pair}: {action} → {answer.status_code} {answer.text}"
                    )
    eventually(lambda: not (person.model("s") or {}).get("pending"), 60, "nothing is pending")
    agree(place, person, engine_client)


def agree(place: Yard, person: Person, client: docker.DockerClient) -> None:
    """Database, engine and proxy tell the same of the server."""
    model = person.model("s")
    runs = bool(model and model["ready"])
    found = client.containers.list(
        all=True, filters={"name": f"^{Names(place.installation).lab(person.name, 's')}$"}
    )
    assert bool(found) == runs
    routed = person.lab("api", "s", allow_redirects=False).status_code == 200
    assert routed == runs
