"""The lab image as people use it: built once, started by a real hub, hardened as by default."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from docker.models.containers import Container
from websockets.sync.client import connect

from labyard.core.names import Names
from labyard.images import build
from tests.tools.kernel import Kernel
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

ROOT = Path(__file__).parents[2]
IMAGE = "labyard/lab:test"
HARDENED = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "network_mode": "none",
    "remove": True,
}
# A package of one's own, without a network.
INSTALL_MINE = """
import pathlib, subprocess, sys, zipfile
wheel = pathlib.Path("mine-1-py3-none-any.whl")
with zipfile.ZipFile(wheel, "w") as archive:
    archive.writestr("mine.py", "answer = 42")
    info = "mine-1.dist-info/"
    archive.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: mine\\nVersion: 1\\n")
    archive.writestr(
        info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    )
    archive.writestr(info + "RECORD", "")
pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", str(wheel)]
done = subprocess.run(pip, capture_output=True, text=True)
assert done.returncode == 0, done.stderr
mine = [sys.executable, "-c", "import mine; print(mine.answer)"]
print(subprocess.check_output(mine, text=True))
"""


class Bar:
    def __call__(self, detail: str) -> None: ...

    def advance(self, done: float, total: float) -> None: ...


def ensure(tag: str, tools: tuple[str, ...] = ()) -> bool:
    return asyncio.run(build.ensure(tag, "docker", "", Bar(), tools=tools))


@pytest.fixture(scope="module")
def image() -> str:
    ensure(IMAGE, ("glances",))
    return IMAGE


@pytest.fixture(scope="module")
def place(image: str, make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard(labs={"image": image, "services": {"glances": True, "tensorboard": True}})
    yard.up()
    return yard


@pytest.fixture(scope="module")
def person(place: Yard) -> Iterator[Person]:
    someone = place.bootstrap()
    someone.run()
    assert someone.lab("lab").status_code == 200  # signed in there: the API itself asks nobody to
    yield someone
    someone.halt()


@pytest.fixture
def kernel(person: Person) -> Iterator[Kernel]:
    kernel = Kernel(person)
    yield kernel
    kernel.close()


def container(place: Yard, person: Person, client: docker.DockerClient) -> Container:
    return client.containers.get(Names(place.installation).lab(person.name))


def inside(client: docker.DockerClient, image: str, *command: str) -> str:
    return str(client.containers.run(image, list(command), **HARDENED).decode())


# -- built ----------------------------------------------------------------------------------------


def test_what_is_there_is_not_built_again(image: str, engine_client: docker.DockerClient) -> None:
    before = engine_client.images.get(image).id
    assert ensure(image, ("glances",)) is False
    assert engine_client.images.get(image).id == before


def test_it_runs_as_the_lab_and_lacks_nothing(
    image: str, engine_client: docker.DockerClient
) -> None:
    assert inside(engine_client, image, "id") == "uid=1000(lab) gid=1000(lab) groups=1000(lab)\n"
    assert "No broken requirements" in inside(engine_client, image, "pip", "check")


def test_nothing_is_compiled_when_a_lab_starts(
    image: str, engine_client: docker.DockerClient
) -> None:
    code = "import jupyterlab.labapp, jupyterhub.singleuser, ipykernel.kernelapp, labyard_lab.home"
    said = engine_client.containers.run(
        image, ["python", "-I", "-v", "-c", code], stderr=True, **HARDENED
    ).decode()
    loaded = [line for line in said.splitlines() if line.startswith("# code object from")]
    assert len(loaded) > 500
    assert [line for line in loaded if not line.rstrip("'").endswith(".pyc")] == []


def test_how_the_host_reaches_its_index_is_nowhere_in_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_client: docker.DockerClient
) -> None:
    """With one package, through the same steps, so that they are really taken."""
    marks = ("authority-of-this-host", "index-of-this-host.invalid")
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "images/lab", checkout / "images/lab")
    (checkout / "requirements").mkdir()
    lock = (ROOT / "requirements/lab.txt").read_text()
    pip = lock[lock.index("\npip==") :].split("\n", 2)
    (checkout / "requirements/lab.txt").write_text(
        f"# {tmp_path}\n{pip[1]}\n" + "\n".join(_hashes(pip[2])) + "\n"
    )
    known = os.environ.get("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt")
    authorities = tmp_path / "ca.crt"
    authorities.write_text(f"{marks[0]}\n{Path(known).read_text()}")
    monkeypatch.setattr(build, "SOURCE", checkout)
    monkeypatch.setenv("PIP_CERT", str(authorities))
    monkeypatch.setenv("PIP_TRUSTED_HOST", marks[1])
    tag = f"labyard/lab:test-{os.getpid()}"
    assert ensure(tag) is True
    try:
        found = _occurrences(tag, [*marks, "/root/.cache/pip"])
        history = json.dumps(engine_client.images.get(tag).history())
    finally:
        engine_client.images.remove(tag)
    assert found == {"/opt/lab": True, marks[0]: False, marks[1]: False, "/root/.cache/pip": False}
    assert not any(mark in history for mark in marks)


def _hashes(text: str) -> list[str]:
    lines = text.splitlines()
    end = next(i for i, line in enumerate(lines) if not line.endswith("\\"))
    return lines[: end + 1]


def _occurrences(tag: str, words: list[str]) -> dict[str, bool]:
    """Return which words are in the image's layers; ``/opt/lab`` shows that looking finds things."""
    found = dict.fromkeys(["/opt/lab", *words], False)
    saving = subprocess.Popen(["docker", "save", tag], stdout=subprocess.PIPE)
    assert saving.stdout is not None
    rest = b""
    while chunk := saving.stdout.read(8 * 2**20):
        window = rest + chunk
        for word in found:
            found[word] = found[word] or word.encode() in window
        rest = chunk[-100:]
    assert saving.wait() == 0
    return found


# -- used -----------------------------------------------------------------------------------------


def test_a_cell_runs_and_its_file_is_in_the_workspace(person: Person, kernel: Kernel) -> None:
    code = "import os; print(os.getcwd(), os.getuid()); open('from-a-cell', 'w').write('42')"
    assert kernel.run(code) == "/home/lab/workspace 1000"
    assert person.lab("api/contents/from-a-cell").json()["content"] == "42"


def test_a_terminal_opens_with_the_labs_programs(person: Person) -> None:
    token = person.xsrf(person.server_path())
    made = person.http.post(
        f"{person.url}{person.server_path()}api/terminals",
        headers={"X-XSRFToken": token},
        timeout=60,
    )
    assert made.status_code == 200, made.text
    page = person.http.prepare_request(requests.Request("GET", made.url))
    address = person.url.replace("http", "ws", 1) + person.server_path()
    with connect(
        f"{address}terminals/websocket/{made.json()['name']}",
        additional_headers={"Cookie": str(page.headers["Cookie"])},
    ) as terminal:
        terminal.send(json.dumps(["stdin", "echo at $((40 + 2)) $(command -v pip) .\r"]))
        shown = ""
        while "at 42 /opt/lab/bin/pip ." not in shown:
            kind, *said = json.loads(terminal.recv(timeout=30))
            shown += said[0] if kind == "stdout" else ""


def test_a_new_home_is_like_any_new_accounts(kernel: Kernel) -> None:
    assert kernel.run("import os; print(os.path.exists(os.path.expanduser('~/.bashrc')))") == "True"


def test_no_token_is_kept_in_the_home(kernel: Kernel) -> None:
    code = (
        "import os, subprocess\n"
        "token = os.environ['JUPYTERHUB_API_TOKEN']\n"
        "print(subprocess.run(['grep', '-rlF', token, '/home', '/mnt/shared'],"
        " capture_output=True, text=True).stdout)"
    )
    assert kernel.run(code) == ""


def test_people_can_install_packages_of_their_own(kernel: Kernel) -> None:
    assert kernel.run(INSTALL_MINE) == "42"


def test_no_package_of_theirs_keeps_their_lab_from_starting(
    place: Yard, person: Person, kernel: Kernel, engine_client: docker.DockerClient
) -> None:
    hide = "import sys; sys.modules['tornado'] = None"
    file = kernel.run(
        "import pathlib, site; own = pathlib.Path(site.getusersitepackages())\n"
        "own.mkdir(parents=True, exist_ok=True); file = own / 'hides.pth'\n"
        f"print(file, file.write_text({hide!r}))"
    ).split()[0]
    person.halt()
    person.run()
    assert person.lab("lab").status_code == 200
    lab = container(place, person, engine_client)
    assert lab.exec_run(["python", "-c", "import tornado"]).exit_code != 0
    assert lab.exec_run(["rm", file]).exit_code == 0


def test_a_restart_in_place_leaves_open_pages_signed_in(
    place: Yard, person: Person, engine_client: docker.DockerClient
) -> None:
    lab = container(place, person, engine_client)
    lab.restart(timeout=30)
    eventually(lambda: person.lab("api/status").status_code == 200, 60, "the lab answers again")
    lab.reload()
    assert lab.attrs["State"]["Running"]


def test_it_ends_by_itself_when_told_to(
    place: Yard, person: Person, engine_client: docker.DockerClient
) -> None:
    """With a kernel running; 137 would mean that it had to be killed."""
    Kernel(person).close()
    lab = container(place, person, engine_client)
    lab.stop(timeout=60)
    lab.reload()
    assert lab.attrs["State"]["ExitCode"] != 137
    lab.start()
    eventually(lambda: person.lab("api/status").status_code == 200, 60, "the lab answers again")


# -- tools ----------------------------------------------------------------------------------------


def tool(person: Person, name: str) -> requests.Response:
    return person.lab(f"{name}/")


def test_a_tool_is_served_to_its_owner(person: Person) -> None:
    answer = tool(person, "glances")
    assert answer.status_code == 200
    assert "<title>Glances" in answer.text


def test_a_tool_that_is_not_in_the_image_says_so(person: Person) -> None:
    answer = tool(person, "tensorboard")
    assert answer.status_code == 404
    assert "TensorBoard is not in this image" in answer.text


@pytest.mark.parametrize("path", ["lab", "glances/", "tensorboard/", "proxy/61208/"])
def test_a_stranger_is_sent_to_sign_in(person: Person, path: str) -> None:
    answer = requests.get(
        f"{person.url}{person.server_path()}{path}", allow_redirects=False, timeout=60
    )
    assert answer.status_code in (302, 401, 403)
    if answer.status_code == 302:
        assert "/hub/" in answer.headers["Location"]


@pytest.mark.parametrize("path", ["api/contents", "api/kernels", "api/terminals"])
def test_a_stranger_gets_nothing_from_the_api(person: Person, path: str) -> None:
    answer: Any = requests.get(
        f"{person.url}{person.server_path()}{path}", allow_redirects=False, timeout=60
    )
    assert answer.status_code in (401, 403)


def test_a_tool_cannot_be_reached_from_the_labs_network(person: Person, kernel: Kernel) -> None:
    assert tool(person, "glances").status_code == 200
    code = (
        "import psutil\n"
        "print(sorted({c.laddr.ip for c in psutil.net_connections('inet')"
        " if c.status == 'LISTEN' and c.laddr.port != 8888}))"
    )
    ours = "127.0.0.1"
    engines_resolver = "127.0.0.11"
    assert set(ast.literal_eval(kernel.run(code))) - {engines_resolver} == {ours}
