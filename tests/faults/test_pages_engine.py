"""Pages that people look at often ask the engine nothing: they come while it answers nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tools.faulty_socket import FaultySocket, Mode
from tests.tools.person import Person
from tests.tools.yard import Yard

MANY = 30
PATIENCE = 30  # seconds for a page; a page that waited for the engine would take a minute


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultySocket]:
    path: Path = tmp_path_factory.mktemp("engine") / "docker.sock"
    with FaultySocket(path) as socket:
        yield socket


@pytest.fixture(scope="module")
def person(make_yard: Callable[..., Yard], faulty: FaultySocket) -> Iterator[Person]:
    """An administrator with a running lab, on an engine that can be made to hold everything."""
    yard = make_yard(engine={"kind": "docker", "socket": faulty.url, "timeout": "60s"})
    yard.up()
    person = yard.bootstrap()
    person.run()
    person.get("services/labyard/")
    yield person
    yard.down(labs=True)


@pytest.mark.parametrize(
    "path", ["services/labyard/", "services/labyard/tools", "services/labyard/admin/users"]
)
def test_a_page_comes_while_the_engine_holds_every_question(
    path: str, person: Person, faulty: FaultySocket
) -> None:
    with faulty.fault(".*", Mode.DELAY, seconds=600) as held:
        held.wait_met()  # the background's own look: it is stuck, and so asks no more
        before = len(held.seen)
        for _ in range(MANY):
            assert person.get(path, timeout=PATIENCE).status_code == 200
        assert len(held.seen) - before < MANY / 3, held.seen[before:]


def test_the_stream_of_figures_opens_while_the_engine_holds_every_question(
    person: Person, faulty: FaultySocket
) -> None:
    with faulty.fault(".*", Mode.DELAY, seconds=600) as held:
        held.wait_met()
        with person.get("services/labyard/figures", stream=True, timeout=PATIENCE) as told:
            assert told.status_code == 200
            assert b"event: " in next(told.iter_content(1024))


def test_a_choice_is_refused_on_the_form_however_long_it_takes_to_look_at_it(
    person: Person, faulty: FaultySocket
) -> None:
    with faulty.fault(
        ".*", Mode.DELAY, seconds=600
    ):  # so that nobody knows the host's size at once
        answer = person.submit("services/labyard/change", {"server": "", "memory": "900G"})
    assert (answer.status_code, answer.url.partition("?")[0]) == (
        400,
        f"{person.url}services/labyard/change",
    )
    assert "900 GB is more than the" in answer.text
