"""An upload whose service dies, and volumes whose engine is away."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
import requests

from labyard.core.names import ERRAND, INSTALLATION, Names
from labyard.engines.errand import NEW, SCRATCH
from tests.tools.faulty_socket import FaultySocket
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

API = "services/labyard/api/users/anna/volumes"
PAGE = "services/labyard/volumes"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultySocket]:
    path: Path = tmp_path_factory.mktemp("engine") / "docker.sock"
    with FaultySocket(path) as socket:
        yield socket


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard(uploads={"at_once": 1})
    yard.up()
    yard.bootstrap()
    return yard


@pytest.fixture(scope="module")
def anna(place: Yard) -> Person:
    return with_a_file(place)


@pytest.fixture(scope="module")
def far(make_yard: Callable[..., Yard], faulty: FaultySocket) -> Iterator[Person]:
    """Somebody whose engine can be taken away."""
    yard = make_yard(engine={"kind": "docker", "socket": faulty.url, "timeout": "10s"})
    yard.up()
    yard.bootstrap()
    yield with_a_file(yard)
    yard.down(labs=True)  # while the faulty socket is still there


def with_a_file(place: Yard) -> Person:
    person = place.member("anna")
    person.run()
    person.write("kept.txt", "kept")
    person.halt()
    return person


def errands(client: docker.DockerClient, place: Yard) -> list[str]:
    label = [f"{INSTALLATION}={place.installation}", ERRAND]
    # Sparse: to inspect a container waits for what the engine unpacks into it.
    found = client.containers.list(all=True, sparse=True, filters={"label": label})
    return [container.id for container in found]


def gathered(client: docker.DockerClient, place: Yard) -> list[Path]:
    """Return what of an upload is in anna's workspace, as the engine keeps it."""
    volume = client.volumes.get(Names(place.installation).volume("anna", "workspace"))
    return list(Path(volume.attrs["Mountpoint"]).glob(f"{SCRATCH}*/{NEW}/*"))


def names(person: Person) -> set[str]:
    """Return what is in the workspace, as a download has it."""
    answer = requests.get(
        f"{person.url}{API}/workspace/archive",
        headers={"Authorization": f"token {person.token}"},
        timeout=60,
    )
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        return set(tar.getnames())


def half_an_upload(person: Person, token: str) -> threading.Thread:
    """Begin an upload that goes on for as long as somebody takes it."""
    begin = tarfile.TarInfo("half.bin")
    begin.size = 2**30

    def content() -> Iterator[bytes]:
        yield begin.tobuf()
        for _ in range(2**14):
            yield bytes(2**16)
            time.sleep(0.01)

    def send() -> None:
        try:
            requests.post(
                f"{person.url}{API}/workspace/upload",
                data=content(),
                headers={"Authorization": f"token {token}"},
                timeout=120,
            )
        except requests.RequestException:
            return

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    return sending


def service(place: Yard) -> int:
    """Return the process id of the pages' service, which is the hub's child."""
    for found in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            parent = (found / "stat").read_text().rpartition(")")[2].split()[1]
            words = (found / "cmdline").read_bytes().split(b"\0")
            if int(parent) == place.pid("hub") and words[-3:-1] == [b"labyard", b"service"]:
                return int(found.name)
    raise AssertionError("the hub has no service")


@pytest.mark.timeout(400)
def test_a_service_killed_in_an_upload_leaves_a_usable_volume_and_no_container(
    place: Yard, anna: Person, engine_client: docker.DockerClient
) -> None:
    before, eve = names(anna), place.member("eve")
    assert eve.token
    sending = half_an_upload(anna, anna.token)
    eventually(lambda: bool(gathered(engine_client, place)), 30, "the volume holds a part of it")
    crowded = requests.post(
        f"{eve.url}services/labyard/api/users/eve/volumes/workspace/upload",
        data=bytes(2**20),
        headers={"Authorization": f"token {eve.token}"},
        timeout=60,
    )
    assert (crowded.status_code, crowded.json()["error"]) == (503, "crowded")
    assert int(crowded.headers["Retry-After"]) > 0

    os.kill(service(place), signal.SIGKILL)
    for holder in errands(engine_client, place):  # as if it had died between two containers
        with contextlib.suppress(docker.errors.APIError):  # it goes by itself
            engine_client.api.remove_container(holder, force=True)
    sending.join(60)
    eventually(
        lambda: anna.get(PAGE, timeout=20).status_code == 200, 90, "the service is back by itself"
    )
    eventually(lambda: names(anna) == before, 120, "what it left is found by its name and swept")
    eventually(lambda: not errands(engine_client, place), 30, "no container is left")
    anna.run()
    assert anna.read("kept.txt") == "kept"
    anna.halt()


@pytest.mark.timeout(300)
def test_a_browser_that_goes_leaves_nothing(
    place: Yard, anna: Person, engine_client: docker.DockerClient
) -> None:
    before = names(anna)
    begin = tarfile.TarInfo("half.bin")
    begin.size = 2**30

    def breaking() -> Iterator[bytes]:
        yield begin.tobuf()
        yield bytes(2**20)
        eventually(lambda: bool(errands(engine_client, place)), 30, "the upload has begun")
        raise ConnectionAbortedError

    with pytest.raises((ConnectionAbortedError, requests.RequestException)):
        requests.post(
            f"{anna.url}{API}/workspace/upload",
            data=breaking(),
            headers={"Authorization": f"token {anna.token}"},
            timeout=60,
        )
    eventually(lambda: not errands(engine_client, place), 60, "nothing is left")
    eventually(lambda: names(anna) == before, 120, "the next sweep has taken the rest")


@pytest.mark.timeout(300)
def test_an_engine_that_is_away_is_said_and_nothing_is_forgotten(
    far: Person, faulty: FaultySocket
) -> None:
    eventually(lambda: " files, measured" in far.get(PAGE).text, 120, "sizes are known")
    faulty.refuse()
    try:
        eventually(
            lambda: "The engine does not answer" in far.get(PAGE).text, 120, "the page says so"
        )
        page = far.get(PAGE).text
        assert " files, measured" in page
        assert "Download, Upload, Reset: the engine does not answer" in page
        answer = requests.get(
            f"{far.url}{API}/workspace/archive",
            headers={"Authorization": f"token {far.token}"},
            timeout=60,
        )
        assert (answer.status_code, answer.json()["error"]) == (503, "engine-unreachable")
    finally:
        faulty.listen()
    eventually(lambda: "The engine does not answer" not in far.get(PAGE).text, 120, "it is back")
