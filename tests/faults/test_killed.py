"""What is killed without a word comes back, and labs never notice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import docker
import pytest
import requests

from labyard.core.names import INSTALLATION, KIND
from tests.tools.kernel import Kernel
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

PEOPLE = 5


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard(labs={"memory": "1G"})
    yard.up()
    return yard


@pytest.fixture(scope="module")
def people(place: Yard) -> list[Person]:
    place.bootstrap()
    people = [place.member(f"user{n}") for n in range(PEOPLE)]
    for person in people:
        assert person.start().status_code in (201, 202)
    for person in people:
        eventually(person.ready, 180, f"{person.name} is ready")
    return people


def labs(client: docker.DockerClient, place: Yard) -> dict[str, str]:
    """Return id by name of every lab that runs, as the engine says."""
    label = [f"{INSTALLATION}={place.installation}", f"{KIND}=lab"]
    return {c.name: c.id for c in client.containers.list(filters={"label": label})}


def test_a_killed_hub_loses_no_lab_no_route_and_no_websocket(
    place: Yard, people: list[Person], engine_client: docker.DockerClient
) -> None:
    before = labs(engine_client, place)
    assert len(before) == PEOPLE
    kernel = Kernel(people[0])
    kernel.run("x = 41")

    os.kill(place.pid("hub"), signal.SIGKILL)

    # Without a hub: the routes are there, and the open WebSocket goes on.
    for person in people:  # asked without a cookie, which a lab would ask the hub about
        answer = requests.get(f"{person.url}{person.server_path()}api", timeout=10)
        assert answer.status_code == 200
    assert kernel.run("print(x + 1)") == "42"

    place.up()
    for person in people:
        eventually(person.ready, 30, f"{person.name} is ready again")
        assert person.lab("lab").status_code == 200
    assert kernel.run("print(x + 1)") == "42"
    assert labs(engine_client, place) == before
    kernel.close()


def test_a_killed_proxy_is_back_with_its_routes(place: Yard, people: list[Person]) -> None:
    os.kill(place.pid("haproxy"), signal.SIGKILL)

    def answers() -> bool:
        try:
            return all(person.lab("api", timeout=2).status_code == 200 for person in people)
        except OSError:
            return False

    eventually(answers, 10, "every route answers")


def test_up_again_starts_nothing_twice(place: Yard, people: list[Person]) -> None:
    pids = place.pid("hub"), place.pid("haproxy")
    place.up()
    assert (place.pid("hub"), place.pid("haproxy")) == pids


def test_down_leaves_labs_and_up_finds_them(
    place: Yard, people: list[Person], engine_client: docker.DockerClient
) -> None:
    before = labs(engine_client, place)
    place.down()
    assert labs(engine_client, place) == before
    place.up()
    for person in people:
        eventually(person.ready, 30, f"{person.name} is ready again")
    place.down(labs=True)
    assert labs(engine_client, place) == {}
    place.up()
    eventually(lambda: not any(p.ready() for p in people), 30, "the hub knows that they stopped")
