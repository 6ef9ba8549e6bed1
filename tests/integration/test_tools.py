"""Web tools of a running lab, through hub and proxy: their owner gets them, nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import docker
import pytest
import requests
from docker.models.containers import Container
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from labyard.core.names import Names
from tests.integration.test_lab_image import IMAGE, ensure
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

PORT = 8123
ECHO = f"""
import asyncio, tornado.web, tornado.websocket

class Echo(tornado.websocket.WebSocketHandler):
    def check_origin(self, origin):
        return True
    def on_message(self, message):
        self.write_message("echo " + message)

class Page(tornado.web.RequestHandler):
    def get(self):
        self.write("a page of mine")

async def main():
    tornado.web.Application([("/echo", Echo), ("/", Page)]).listen({PORT}, "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
"""
# A lab as a hostile owner may make it: what it announces must stay words and lead nowhere else.
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard]) -> Yard:
    ensure(IMAGE, ("glances",))
    variables = {"MLFLOW_WORKERS": "2", "TENSORBOARD_LOGDIR": "/home/lab/runs"}
    yard = make_yard(
        labs={
            "image": IMAGE,
            "environment": variables,
            "services": {"glances": True, "tensorboard": True},
        }
    )
    yard.up()
    return yard


@pytest.fixture(scope="module")
def owner(place: Yard) -> Iterator[Person]:
    person = place.bootstrap()
    person.run()
    yield person
    person.halt()


@pytest.fixture(scope="module")
def other(place: Yard, owner: Person) -> Person:
    return place.member("other")


@pytest.fixture(scope="module")
def lab(place: Yard, owner: Person, engine_client: docker.DockerClient) -> Container:
    lab = engine_client.containers.get(Names(place.installation).lab(owner.name))
    lab.exec_run(["python3", "-c", ECHO], detach=True)
    page = f"{owner.server_path()}proxy/{PORT}/"
    eventually(lambda: owner.get(page).text == "a page of mine", 60, "the page is served")
    return lab


def tools(person: Person) -> requests.Response:
    return person.get("services/labyard/tools")


def test_a_lab_is_seen_as_soon_as_it_is_ready(owner: Person) -> None:
    def seen() -> bool:
        page = tools(owner).text
        return "Ready to open" in page and "not seen yet" not in page

    eventually(seen, 9, "the page lists what the lab has, before the next look that is due")


def test_the_page_lists_what_the_lab_announces(owner: Person, lab: Container) -> None:
    page = tools(owner)
    assert page.status_code == 200
    for path in ("glances/", "tensorboard/"):
        assert f'href="/{owner.server_path()}{path}"' in page.text


def test_the_lab_never_sees_the_token_that_its_owner_acts_with(
    place: Yard, owner: Person, lab: Container
) -> None:
    assert tools(owner).status_code == 200
    tokens = owner.get(f"hub/api/users/{owner.name}/tokens").json()["api_tokens"]
    asked = [token for token in tokens if "asks the lab" in token["note"]]
    narrow = [f"access:servers!server={owner.name}/"]
    assert asked
    assert all([s for s in token["scopes"] if s.startswith("access:")] == narrow for token in asked)
    assert all(set(token["scopes"]) <= {*narrow, "identify"} | identity(owner) for token in asked)


def identity(person: Person) -> set[str]:
    """What every token may: read the name of its owner."""
    return {f"read:users:name!user={person.name}", f"read:users:groups!user={person.name}"}


def test_a_tool_and_a_port_are_their_owners_alone(
    owner: Person, other: Person, lab: Container
) -> None:
    path = owner.server_path()
    for page in (f"{path}glances/", f"{path}proxy/{PORT}/"):
        assert owner.get(page).status_code == 200
        assert other.get(page).status_code == 403
        anonymous = requests.get(owner.url + page, allow_redirects=False, timeout=60)
        assert anonymous.status_code in (302, 403)
        assert "a page of mine" not in anonymous.text


def socket(person: Person, path: str, **headers: str) -> ClientConnection:
    page = requests.Request("GET", person.url + path)
    cookie = person.http.prepare_request(page).headers.get("Cookie")
    sent = {**headers, **({"Cookie": str(cookie)} if cookie else {})}
    address = person.url.replace("http", "ws", 1) + path
    return connect(address, additional_headers=sent, open_timeout=30)


def test_a_websocket_of_a_tool_works_for_its_owner(owner: Person, lab: Container) -> None:
    with socket(owner, f"{owner.server_path()}proxy/{PORT}/echo") as echo:
        for word in ("hello", "again"):
            echo.send(word)
            assert echo.recv(timeout=30) == f"echo {word}"


def test_a_websocket_of_a_tool_is_refused_to_everybody_else(
    place: Yard, owner: Person, other: Person, lab: Container
) -> None:
    path = f"{owner.server_path()}proxy/{PORT}/echo"
    other.get(owner.server_path())  # so far as that leads
    for person in (other, place.person("nobody")):
        with pytest.raises(InvalidStatus) as refused, socket(person, path):
            pass
        assert refused.value.response.status_code in (302, 401, 403)


def test_the_form_leads_to_a_port(owner: Person, lab: Container) -> None:
    answer = owner.get(f"services/labyard/tools/port?server=&port={PORT}", allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/{owner.server_path()}proxy/{PORT}/"
    wrong = owner.get("services/labyard/tools/port?server=&port=" + requests.utils.quote(HOSTILE))
    assert wrong.status_code == 400
    assert HOSTILE not in wrong.text
    assert "is not a port" in wrong.text


def test_a_terminal_is_opened_for_its_owner_alone(
    owner: Person, other: Person, lab: Container
) -> None:
    page, button = "services/labyard/", "tools/terminal"
    opened = owner.submit_at(page, button, {"server": ""}).history[0]
    assert opened.status_code == 303
    number = opened.headers["Location"].removeprefix(
        f"/{owner.server_path()}lab/workspaces/terminal-"
    )
    terminals = [each["name"] for each in owner.lab("api/terminals").json()]
    assert number in terminals
    theirs = other.submit_at(page, button, {"server": ""})
    assert theirs.status_code == 409
    assert "Not running" in theirs.text
    forged = owner.http.post(owner.url + page + button, data={"server": ""}, timeout=60)
    assert forged.status_code in (401, 403)
    assert len(owner.lab("api/terminals").json()) == len(terminals)


def test_tools_are_told_to_their_owner_alone(owner: Person, other: Person, lab: Container) -> None:
    theirs = tools(other)
    assert theirs.status_code == 200
    assert "Not running" in theirs.text
    assert owner.server_path() not in theirs.text
    assert other.get("services/labyard/tools/servers/train").status_code == 404


def test_the_tools_environment_reaches_the_lab(lab: Container) -> None:
    told = dict(line.split("=", 1) for line in lab.attrs["Config"]["Env"] if "=" in line)
    assert told["TENSORBOARD_LOGDIR"] == "/home/lab/runs"
    assert told["MLFLOW_WORKERS"] == "2"
    assert told["MLFLOW_TRACKING_URI"] == "http://localhost:5000"
    assert (told["MLFLOW_HOST"], told["MLFLOW_PORT"]) == ("127.0.0.1", "5000")
    assert told["ENABLE_SERVICE_GLANCES"] == "1"
