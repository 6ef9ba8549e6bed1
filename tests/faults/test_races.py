"""Start, stop, restart, reset and delete at once, in every ordered pair: they take turns.

So do an extension, and the end of what is overdue, which the keeper of dates brings about in between.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

import docker
import pytest
import requests

from labyard.core.names import Names
from tests.tools.dates import Dates
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

ACTIONS = ("start", "stop", "restart", "reset", "delete")
DATES = ("extend", "expire")
ROUNDS = 20  # in all, shared by these people; of pairs with a date, two of them take each once
PEOPLE = 4
LONGER = itertools.count(2)  # days: an extension has to give more than the one before it


def act(person: Person, dates: Dates, action: str) -> tuple[int, str]:
    """Have one action done on the person's server called ``s``; return status and text of the answer.

    Each is asked of Labyard's REST API, but that a server is overdue: time alone brings that about.
    """
    if action == "expire":
        dates.set(person.name, "s", -1, days=1)
        return 200, ""
    base = f"{person.url}services/labyard/api/users/{person.name}"
    method, path, body = {
        "start": ("POST", "servers/s/start", {"options": {"days": 1}}),
        "extend": ("POST", "servers/s/extend", {"days": next(LONGER)}),
        "reset": ("POST", "volumes/reset", {"volumes": ["cache"]}),
        "delete": ("DELETE", "servers/s", None),
    }.get(action, ("POST", f"servers/s/{action}", None))
    answer = requests.request(
        method,
        f"{base}/{path}",
        json=body,
        headers={"Authorization": f"token {person.token}"},
        timeout=120,
    )
    return answer.status_code, answer.text


def fine(action: str, status: int, text: str) -> bool:
    """Return whether an action may be answered that way.

    A server that is gone has no end to put off, and one that was put off further stays so.
    """
    late = action == "extend" and (status == 404 or "from now already" in text)
    return 200 <= status < 300 or status == 409 or late


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
    dates = Dates(place)
    with ThreadPoolExecutor(PEOPLE) as pool:
        told = pool.map(race, people, itertools.repeat(dates), itertools.cycle((0, 1)))
        complaints = [text for texts in told for text in texts]
    assert complaints == []
    act(people[2], dates, "start")
    act(people[2], dates, "expire")  # nothing after it that could hide an end which never comes
    for person in people:
        eventually(partial(settled, dates, person.name), 60, "what is due has ended")
    act(people[0], dates, "start")
    act(people[1], dates, "delete")
    for person in people:
        agree(place, person, engine_client)
    dates.close()


def race(person: Person, dates: Dates, half: int) -> list[str]:
    """Run this person's share of the pairs; return what was answered but must not be."""
    plain = set(itertools.product(ACTIONS, repeat=2))
    dated = set(itertools.product((*ACTIONS, *DATES), repeat=2)) - plain
    pairs = [*sorted(plain) * (ROUNDS // PEOPLE), *sorted(dated)[half::2]]
    random.shuffle(pairs)
    complaints = []
    with ThreadPoolExecutor(2) as pool:
        for pair in pairs:
            answers = list(pool.map(lambda action: act(person, dates, action), pair))
            complaints += [
                f"{pair}: {action} → {status} {text}"
                for action, (status, text) in zip(pair, answers, strict=True)
                if not fine(action, status, text)
            ]
    return complaints


def settled(dates: Dates, user: str) -> bool:
    """Return whether the server is not overdue any more."""
    expiry = dates.get(user, "s")
    return expiry is None or not expiry.ended(datetime.now(UTC))


def agree(place: Yard, person: Person, client: docker.DockerClient) -> None:
    """Database, engine and proxy tell the same of the server."""
    eventually(lambda: not (person.model("s") or {}).get("pending"), 60, "nothing is pending")
    runs = person.ready("s")
    name = Names(place.installation).lab(person.name, "s")
    assert (
        bool(client.containers.list(all=True, ignore_removed=True, filters={"name": f"^{name}$"}))
        == runs
    )
    # The hub, which answers where there is no route, tells its whole version.
    told = person.lab("", "s", allow_redirects=False).headers["X-JupyterHub-Version"]
    assert (told == "6") == runs
