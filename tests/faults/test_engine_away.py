"""An engine that is away, errs or dawdles: nothing is forgotten, removed or held up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from labyard.core.names import Names
from tests.faults.test_killed import labs
from tests.tools.dates import Dates
from tests.tools.faulty_socket import FaultySocket, Mode
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

OUTAGE = 60  # seconds; the hub looks at each lab every 10
TIMEOUT = 5

HELD = 60  # seconds
HOME = "services/labyard/"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultySocket]:
    path: Path = tmp_path_factory.mktemp("engine") / "docker.sock"
    with FaultySocket(path) as socket:
        yield socket


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard], faulty: FaultySocket) -> Iterator[Yard]:
    yard = make_yard(engine={"kind": "docker", "socket": faulty.url, "timeout": f"{TIMEOUT}s"})
    yard.up()
    yard.bootstrap()
    yield yard
    yard.down(labs=True)  # while the faulty socket is still there


@pytest.fixture(scope="module")
def people(place: Yard) -> list[Person]:
    people = [place.member(f"user{n}") for n in range(2)]
    for person in people:
        person.run()
        assert person.lab("lab").status_code == 200
    return people


def well(people: list[Person]) -> bool:
    """Return whether everybody's lab is ready and answers."""
    return all(person.ready() and person.lab("lab").status_code == 200 for person in people)


def test_nothing_is_lost_while_the_engine_answers_500(
    place: Yard, people: list[Person], faulty: FaultySocket, engine_client: docker.DockerClient
) -> None:
    before = labs(engine_client, place)
    with faulty.fault(".*", Mode.ERROR) as fault:
        end = time.monotonic() + OUTAGE
        while time.monotonic() < end:
            assert well(people)
            time.sleep(5)
        assert len(fault.seen) >= 2 * OUTAGE / 10 - 2, "the hub did look at the labs"
    assert well(people)
    assert labs(engine_client, place) == before


def test_the_hub_starts_while_the_engine_is_down(
    place: Yard, people: list[Person], faulty: FaultySocket, engine_client: docker.DockerClient
) -> None:
    before = labs(engine_client, place)
    place.down()
    faulty.refuse()
    try:
        place.up()
        for person in people:
            assert person.lab("api").status_code == 200
        assert people[0].start("second").status_code == 503
        assert labs(engine_client, place) == before
    finally:
        faulty.listen()
    eventually(lambda: well(people), 30, "all is well again")
    assert labs(engine_client, place) == before
    people[0].run("second")
    people[0].halt("second")


def test_a_stop_asked_for_in_an_outage_is_done_when_it_ends(
    place: Yard, people: list[Person], faulty: FaultySocket, engine_client: docker.DockerClient
) -> None:
    name = Names(place.installation).lab(people[1].name)
    with faulty.fault(".*", Mode.ERROR) as fault:
        assert people[1].stop().status_code == 202
        fault.wait_met()
        assert name in labs(engine_client, place)
    eventually(lambda: name not in labs(engine_client, place), 30, "the lab is stopped")
    eventually(lambda: not people[1].model(), 30, "the hub knows")
    people[1].run()


def test_a_server_does_not_end_by_itself_while_the_engine_is_away(
    place: Yard, people: list[Person], faulty: FaultySocket, engine_client: docker.DockerClient
) -> None:
    person = people[0]
    person.run("dated", days=1)
    name, dates = Names(place.installation).lab(person.name, "dated"), Dates(place)
    with faulty.fault(".*", Mode.ERROR):
        dates.set(person.name, "dated", -1)
        time.sleep(25)  # the dates are looked at every ten
        assert name in labs(engine_client, place)
        assert (person.model("dated") or {}).get("pending") is None
        assert dates.get(person.name, "dated") is not None
    eventually(
        lambda: name not in labs(engine_client, place), 60, "it ends when the engine is back"
    )
    eventually(lambda: dates.get(person.name, "dated") is None, 30, "its date is forgotten")
    dates.close()


def test_an_end_in_an_outage_is_told_when_it_is_over(
    people: list[Person], place: Yard, faulty: FaultySocket, engine_client: docker.DockerClient
) -> None:
    person = people[1]
    assert "ended by itself" not in person.get(HOME).text
    name = Names(place.installation).lab(person.name)
    faulty.refuse()
    try:
        engine_client.containers.get(name).kill()
        time.sleep(2)
    finally:
        faulty.listen()
    words = "could not be reached at that time. Its exit code is 137."
    eventually(lambda: words in person.get(HOME).text, 15, "home says so")
    assert "ran out of memory" not in person.get(HOME).text
    assert "times)" not in person.get(HOME).text
    person.run()


def test_a_held_call_holds_up_nobody_else(
    place: Yard, people: list[Person], faulty: FaultySocket
) -> None:
    held = place.member("held")
    name = Names(place.installation).lab(held.name)
    with faulty.fault(f"POST .*/containers/create.*{name}", Mode.DELAY, seconds=HELD) as fault:
        assert held.start().status_code in (202, 500, 503)
        fault.wait_met()
        began = time.monotonic()
        people[1].halt()
        people[1].run()
        assert time.monotonic() - began < HELD, "the call was still held"
    eventually(lambda: not (held.model() or {}).get("pending"), 60, "the held start has ended")
