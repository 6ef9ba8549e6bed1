"""Whole installations that are set up otherwise: below a base path, on other parts, with a last word."""

from __future__ import annotations

import html
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import docker
import pytest

from labyard.cli.ports import why_taken
from labyard.core.names import Names
from labyard.engines.local.spec import home as local_home
from labyard.notices.models import Notice, Outcome
from labyard.settings.schema import Settings
from tests.tools.kernel import Kernel
from tests.tools.notices import lab_of, send
from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard

IMAGE = os.environ.get("LABYARD_LABS__IMAGE", Settings().labs.image)
LAST_WORD = """
from dataclasses import replace

def last_word(spawner, plan):
    told = {{**plan.environment, "LAST_WORD": spawner.user.name}}
    return replace(plan, shm=96 * 2**20, environment=told)

c.LabSpawner.image = "{image}"
c.LabSpawner.images = ["{other}"]
c.LabSpawner.plan_hook = last_word
c.Spawner.mem_limit = "768M"
c.JupyterHub.named_server_limit_per_user = 1
"""


@pytest.fixture(scope="module")
def on_postgres(make_yard: Callable[..., Yard], postgres: Callable[[], str]) -> Yard:
    """Below ``/jupyterhub``, with its database in PostgreSQL."""
    place = make_yard(base_url="/jupyterhub", hub={"database": postgres()})
    place.up()
    place.bootstrap()
    return place


@pytest.fixture(scope="module")
def image(engine_client: docker.DockerClient) -> Iterator[str]:
    """Another name of the lab image, so that it is seen who chose it."""
    name = f"labyard/lab:variant-{os.getpid()}"
    engine_client.images.get(IMAGE).tag(name)
    yield name
    engine_client.images.remove(name)


@pytest.fixture(scope="module")
def overridden(make_yard: Callable[..., Yard], image: str) -> Yard:
    """Below ``/a/b``, behind configurable-http-proxy, with a file that has the last word."""
    place = make_yard(
        base_url="/a/b", edge={"proxy": "chp"}, labs={"memory": "1G", "images": ["never:offered"]}
    )
    last = place.directory / "jupyterhub_config.d"
    last.mkdir()
    (last / "10-site.py").write_text(LAST_WORD.format(image=image, other=IMAGE))
    place.up(LABYARD_LABS__MEMORY="2G")
    place.bootstrap()
    return place


@pytest.fixture(scope="module")
def alone(make_yard: Callable[..., Yard]) -> Iterator[Yard]:
    """Without containers: labs are processes of this machine."""
    place = make_yard(engine={"kind": "local"})
    place.up()
    place.bootstrap()
    yield place
    place.down(labs=True)
    root = local_home(Path("/nowhere"), place.installation, os.geteuid())
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(params=["on_postgres", "overridden"])
def below(request: pytest.FixtureRequest) -> Yard:
    """An installation below a base path, on each proxy."""
    place: Yard = request.getfixturevalue(request.param)
    return place


def main_job(person: Person) -> None:
    """Work, stop, come back: what was written is there."""
    if not person.ready():
        person.run()
    kernel = Kernel(person)
    assert kernel.run("print(6 * 7)") == "42"
    kernel.close()
    person.write("note.txt", f"still {person.name}'s")
    person.halt()
    person.run()
    assert person.read("note.txt") == f"still {person.name}'s"


# -- a base path ----------------------------------------------------------------------------------


def watch(person: Person) -> list[str]:
    """Return a list that grows by every address this person's browser is at or sent to."""
    seen: list[str] = []

    def note(answer, **_: object) -> None:
        seen.append(answer.url)
        if "Location" in answer.headers:
            seen.append(urljoin(answer.url, answer.headers["Location"]))

    person.http.hooks["response"].append(note)
    return seen


def links(page: str, attributes: str) -> set[str]:
    """Return where a page's elements lead, without what stays on the page."""
    found = re.findall(rf'\s(?:{attributes})="([^"#][^"]*)"', page)
    return {html.unescape(link) for link in found if not link.startswith("data:")}


def test_nothing_leads_out_of_the_base_path(below: Yard) -> None:
    base = urlsplit(below.url).path
    person = below.person("inside")
    seen = watch(person)
    person.sign_up(PASSWORD)
    below.labyard("users", "approve", person.name)
    person.sign_in(PASSWORD)
    main_job(person)
    assert person.lab("lab").status_code == 200

    home = person.get("")
    assert home.url == f"{below.url}services/labyard/"
    assert "Running" in home.text
    led = {urljoin(home.url, link) for link in links(home.text, "href|src|action|hx-get|hx-post")}
    assert len(led) > 10
    assert [link for link in led if not link.startswith(below.url)] == []
    for link in {urljoin(home.url, link) for link in links(home.text, "href|src|hx-get")}:
        if not link.endswith("logout"):
            assert person.get(link).status_code == 200, link

    assert {c.path for c in person.http.cookies if not c.path.startswith(base)} == set()
    person.get("hub/logout")
    assert not person.signed_in
    assert person.lab("api/contents", allow_redirects=False).status_code in (302, 403)
    assert [address for address in seen if not address.startswith(below.url)] == []


# -- PostgreSQL -----------------------------------------------------------------------------------


def test_a_killed_hub_finds_its_labs_in_postgresql(
    on_postgres: Yard, engine_client: docker.DockerClient
) -> None:
    person = on_postgres.member("tables")
    main_job(person)
    name = Names(on_postgres.installation).lab(person.name)
    lab = engine_client.containers.get(name).id
    assert not list(on_postgres.data.glob("*.sqlite*"))

    os.kill(on_postgres.pid("hub"), signal.SIGKILL)
    on_postgres.up()

    eventually(person.ready, 30, "the lab is ready again")
    assert person.read("note.txt") == "still tables's"
    assert engine_client.containers.get(name).id == lab
    person.halt()


# -- configurable-http-proxy ----------------------------------------------------------------------


def test_a_killed_configurable_http_proxy_is_back_with_its_routes(overridden: Yard) -> None:
    person = overridden.member("routes")
    main_job(person)
    before = overridden.pid("chp")

    os.kill(before, signal.SIGKILL)

    def answers() -> bool:
        try:
            return person.lab("api", timeout=2).status_code == 200
        except OSError:
            return False

    eventually(answers, 10, "the route answers")
    assert overridden.pid("chp") != before
    kernel = Kernel(person)
    assert kernel.run("print('through')") == "through"
    kernel.close()
    person.halt()


# -- the last word --------------------------------------------------------------------------------


def test_a_file_of_the_sites_own_wins_over_settings_and_environment(
    overridden: Yard, engine_client: docker.DockerClient, image: str
) -> None:
    person = overridden.member("last")
    assert "768 MB" in person.get("").text  # what a start would give
    person.run()
    eventually(lambda: "768 MB" in person.get("").text, 20, "home tells the lab's own limit")
    lab = engine_client.containers.get(Names(overridden.installation).lab(person.name))
    limits = lab.attrs["HostConfig"]
    assert lab.attrs["Config"]["Image"] == image
    assert limits["Memory"] == limits["MemorySwap"] == 768 * 2**20
    assert limits["ShmSize"] == 96 * 2**20
    assert f"LAST_WORD={person.name}" in lab.attrs["Config"]["Env"]
    person.run("second", user_options={"image": IMAGE})
    assert person.start("third").status_code == 400
    person.halt("second")
    person.halt()


def test_what_it_does_not_offer_is_refused_whatever_the_settings_say(overridden: Yard) -> None:
    person = overridden.member("choosing")
    for wish in ({"image": "never:offered"}, {"memory": "1G"}):
        answer = person.start(user_options=wish)
        assert answer.status_code == 400, answer.text
    page = person.get("hub/spawn").text
    assert IMAGE in page
    assert "never:offered" not in page


# -- processes ------------------------------------------------------------------------------------


def test_the_main_job_without_containers(alone: Yard) -> None:
    person = alone.member("user1")
    main_job(person)
    assert "No isolation" in person.get("").text
    other = alone.member("user2")
    assert other.get(person.server_path() + "api/contents").status_code == 403
    notice = Notice("Maintenance at 18:00.")
    assert send(alone, lab_of(alone, person.name), notice) is Outcome.SHOWN
    person.halt()


def test_what_a_process_cannot_have_is_not_offered_the_rest_holds(alone: Yard) -> None:
    person = alone.member("user3")
    refused = person.start(user_options={"cpu": 1, "gpus": 1})
    assert refused.status_code == 400
    assert "Labs are processes of this machine" in refused.json()["message"]
    form = person.get("hub/spawn").text
    assert 'name="environment"' in form
    assert 'name="cpu"' not in form
    assert 'name="image"' not in form
    person.run(user_options={"environment": {"GREETING": "hello"}, "mount": False})
    kernel = Kernel(person)
    assert kernel.run("import os; print(os.environ['GREETING'])") == "hello"
    assert kernel.run("print(os.path.exists('note.txt'))") == "False"
    kernel.close()
    person.halt()


# -- wrong settings -------------------------------------------------------------------------------


def test_everything_wrong_is_told_at_once_and_nothing_started(
    make_yard: Callable[..., Yard], engine_client: docker.DockerClient
) -> None:
    place = make_yard(
        base_url="jupyter hub",
        edge={"port": 99999, "prot": 80},
        engine={"kind": "dokcer"},
        labs={"memory": "4GG", "cpu": -1},
        volumes=[{"name": "home", "target": "/home"}, {"name": "home", "target": "relative"}],
    )
    done = place.labyard("up", check=False, LABYARD_LABS__START_TIMEOUT="nan")
    assert done.returncode == 2
    for path in (
        *("base_url", "edge.port", "edge.prot", "engine.kind", "labs.memory", "labs.cpu"),
        *("volumes[1].target", "labs.start_timeout"),
    ):
        assert path in done.stderr, done.stderr
    assert not place.data.exists()
    for port in (place.settings["hub"]["port"], place.settings["hub"]["service_port"]):
        assert why_taken("127.0.0.1", port) == ""
