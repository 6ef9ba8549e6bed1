"""Servers that end by themselves, on a real hub and engine."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import docker
import pytest
import requests

from labyard.core.names import Names
from labyard.expiry.dates import NOTICES
from tests.tools.dates import Dates
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

DAY = timedelta(days=1)
SOON = 60  # seconds in which the keeper has looked, several times


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard(labs={"max_days": 30, "stop_grace": "1s", "named_servers": 5})
    yard.up()
    yard.bootstrap()
    return yard


@pytest.fixture(scope="module")
def emma(place: Yard) -> Person:
    return place.member("emma")


@pytest.fixture
def dates(place: Yard) -> Iterator[Dates]:
    found = Dates(place)
    yield found
    found.close()


def ask(person: Person, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(
        method,
        f"{person.url}services/labyard/api/users/{person.name}/{path}",
        headers={"Authorization": f"token {person.token}"},
        timeout=120,
        **options,
    )


def container(yard: Yard, client: docker.DockerClient, user: str, server: str = "") -> Any:
    try:
        return client.containers.get(Names(yard.installation).lab(user, server))
    except docker.errors.NotFound:
        return None


def known(person: Person, server: str) -> bool:
    """Return whether the hub knows a server, stopped or not."""
    path = f"users/{person.name}?include_stopped_servers=1"
    return server in person.api("GET", path).json()["servers"]


def waiting(person: Person, server: str) -> list[str]:
    person.lab("lab", server)
    answer = person.lab("jupyterlab-notifications-extension/notifications", server)
    return [notice["message"] for notice in answer.json()["notifications"]]


def days_left(dates: Dates, server: str) -> float:
    expiry = dates.get("emma", server)
    assert expiry is not None
    return (expiry.expires - datetime.now(UTC)) / DAY


@pytest.mark.timeout(300)
def test_a_named_server_is_told_ends_and_leaves_its_volumes(
    place: Yard, emma: Person, dates: Dates, engine_client: docker.DockerClient
) -> None:
    emma.run("train", days=3)
    assert days_left(dates, "train") == pytest.approx(3, abs=0.01)
    assert container(place, engine_client, "emma", "train")

    dates.set("emma", "train", 20 * 3600)
    eventually(lambda: dates.get("emma", "train").told == NOTICES[0], SOON, "a day before")  # type: ignore[union-attr]
    dates.set("emma", "train", 1800)
    eventually(lambda: dates.get("emma", "train").told == NOTICES[1], SOON, "an hour before")  # type: ignore[union-attr]
    at = dates.get("emma", "train").expires.isoformat(timespec="seconds")  # type: ignore[union-attr]
    told = json.loads(place.labyard("servers", "list", "--json").stdout)
    assert [row["expires"] for row in told if row["name"] == "emma/train"] == [at]
    assert re.search(r"in \d+ min", place.labyard("servers", "list").stdout)
    first, second = waiting(emma, "train")
    assert first.startswith("The server train ends in 20 hours. Your files stay.")
    assert second.startswith("The server train ends in 30 minutes.")

    volumes = {v.name for v in engine_client.volumes.list()}
    dates.set("emma", "train", -1)
    eventually(lambda: not known(emma, "train"), SOON, "the hub has forgotten it")
    assert container(place, engine_client, "emma", "train") is None
    assert {v.name for v in engine_client.volumes.list()} >= {
        v for v in volumes if v.startswith(f"{place.installation}-emma_")
    }
    eventually(lambda: dates.get("emma", "train") is None, SOON, "its date is forgotten")


@pytest.mark.timeout(300)
def test_the_default_server_is_stopped_and_others_are_left_alone(
    place: Yard, emma: Person, dates: Dates, engine_client: docker.DockerClient
) -> None:
    emma.run(days=3)
    emma.run("other", days=3)
    before = container(place, engine_client, "emma", "other").id
    dates.set("emma", "", -1)
    eventually(lambda: dates.get("emma", "") is None, SOON, "it has ended")
    assert not emma.ready()
    assert container(place, engine_client, "emma") is None
    assert container(place, engine_client, "emma", "other").id == before
    emma.run()
    assert days_left(dates, "") == pytest.approx(3, abs=0.01), "its choices are kept"
    emma.halt()


@pytest.mark.timeout(300)
def test_stopping_keeps_the_date_and_a_stopped_server_ends_too(emma: Person, dates: Dates) -> None:
    emma.run("paper", days=5)
    dates.set("emma", "paper", 2 * 86400, days=5)
    emma.halt("paper")
    emma.run("paper")
    assert days_left(dates, "paper") == pytest.approx(2, abs=0.01)
    emma.halt("paper")
    assert known(emma, "paper")
    dates.set("emma", "paper", -1)
    eventually(lambda: not known(emma, "paper"), SOON, "the hub has forgotten it")


@pytest.mark.timeout(300)
def test_without_a_choice_the_policy_gives_one_and_the_owner_extends_as_far_as_it_goes(
    place: Yard, emma: Person, dates: Dates
) -> None:
    emma.run("x")
    assert days_left(dates, "x") == pytest.approx(30, abs=0.01)
    refused = ask(emma, "POST", "servers/x/extend")
    assert refused.status_code == 400
    assert "30 days from now already" in refused.json()["message"]
    dates.set("emma", "x", 3600, days=30)
    assert ask(emma, "POST", "servers/x/extend", json={"days": 10}).status_code == 200
    assert days_left(dates, "x") == pytest.approx(10, abs=0.01)

    emma.halt("x")
    emma.run("x", days=2)
    answer = ask(emma, "POST", "servers/x/extend", json={"days": 31})
    assert (answer.status_code, answer.json()["error"]) == (400, "refused")
    assert "days: 31 is more than the 30 days" in answer.json()["message"]
    for bad in ("7", 0, -1, 1.5, True, 10**9, [1]):
        assert ask(emma, "POST", "servers/x/extend", json={"days": bad}).status_code == 400
    assert days_left(dates, "x") == pytest.approx(2, abs=0.01)

    said = place.labyard("servers", "extend", "emma/x", "--days", "12").stdout
    assert "ends 20" in said
    assert days_left(dates, "x") == pytest.approx(12, abs=0.01)
    told = requests.get(
        f"{emma.url}services/labyard/api/servers/emma/x",
        headers={"Authorization": f"token {emma.token}"},
        timeout=30,
    ).json()
    assert told["expires"] == dates.get("emma", "x").expires.isoformat(timespec="seconds")  # type: ignore[union-attr]
    assert ask(emma, "DELETE", "servers/x").status_code == 204
    assert dates.get("emma", "x") is None, "a deleted server has no date"
    assert ask(emma, "POST", "servers/x/extend").status_code == 404


@pytest.mark.timeout(300)
def test_what_was_started_anew_after_its_date_stays(
    place: Yard, emma: Person, dates: Dates, engine_client: docker.DockerClient
) -> None:
    emma.run(days=3)
    for pause in (0.0, 4.0, 8.0):  # the keeper looks every ten seconds
        dates.set("emma", "", -1, days=3)
        time.sleep(pause)
        emma.halt()
        eventually(lambda: emma.start().status_code in (201, 202), 30, "it may start again")
        eventually(emma.ready, 60, "it runs again")
        lab = container(place, engine_client, "emma").id
        time.sleep(12)
        assert emma.ready()
        assert container(place, engine_client, "emma").id == lab
        assert days_left(dates, "") == pytest.approx(3, abs=0.01)
    emma.halt()


def test_others_cannot_extend(place: Yard, emma: Person, dates: Dates) -> None:
    other = place.member("emil")
    answer = requests.post(
        f"{emma.url}services/labyard/api/users/emma/server/extend",
        headers={"Authorization": f"token {other.token}"},
        timeout=30,
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


@pytest.mark.timeout(300)
def test_a_hub_that_was_away_loses_no_date(
    place: Yard, emma: Person, dates: Dates, engine_client: docker.DockerClient
) -> None:
    emma.run("night", days=3)
    place.down()
    dates.set("emma", "night", -1)
    assert container(place, engine_client, "emma", "night")
    place.up()
    eventually(lambda: container(place, engine_client, "emma", "night") is None, SOON, "it ended")
    eventually(lambda: not known(emma, "night"), SOON, "the hub has forgotten it")


@pytest.mark.timeout(300)
def test_nothing_ends_while_the_engine_or_the_hub_does_not_answer(
    place: Yard, emma: Person, dates: Dates, engine_client: docker.DockerClient
) -> None:
    emma.run("held", days=3)
    lab = container(place, engine_client, "emma", "held")
    hub = place.pid("hub")
    os.kill(hub, signal.SIGSTOP)
    try:
        dates.set("emma", "held", -1)
        time.sleep(35)  # as long as a call to the hub may take, and a look more
        lab.reload()
        assert lab.status == "running"
        assert dates.get("emma", "held") is not None
        dates.set("emma", "held", 3 * 86400)  # what an extension does
    finally:
        os.kill(hub, signal.SIGCONT)
    time.sleep(15)
    lab.reload()
    assert lab.status == "running"
    assert emma.ready("held")
