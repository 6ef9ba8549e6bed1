"""A lab that wants more memory than it may use: its owner reads what happened, within seconds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from labyard.core.names import Names
from tests.tools.kernel import Kernel
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

NAMED = 15.0  # seconds: watched; nothing else would ever tell, so only slowness is let pass
GREEDY = "b = [bytearray(10**6) for _ in range(2000)]"
HOME = "services/labyard/"


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard]) -> Yard:
    yard = make_yard(labs={"memory": "384M", "max_memory": "512M"})
    yard.up()
    yard.bootstrap()
    return yard


@pytest.fixture
def anna(place: Yard) -> Person:
    person = place.person("anna")
    person.sign_up("correct horse battery")
    place.labyard("users", "approve", "anna", check=False)
    person.sign_in("correct horse battery")
    if not person.ready():
        person.run()
    return person


def lab(place: Yard, person: Person, client: docker.DockerClient) -> Container:
    return client.containers.get(Names(place.installation).lab(person.name))


def killed(container: Container) -> int:
    """Return how many processes the kernel ended, as its cgroup says; looked at from outside."""
    pid = container.client.api.inspect_container(container.id)["State"]["Pid"]
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    paths = {part[1]: part[2] for line in lines if len(part := line.split(":", 2)) == 3}
    root = Path("/sys/fs/cgroup")
    v1 = root / f"memory{paths.get('memory', '')}" / "memory.oom_control"
    file = v1 if "memory" in paths else root / paths[""].lstrip("/") / "memory.events"
    counts = dict(line.split() for line in file.read_text().splitlines())
    return int(counts["oom_kill"])


def exited(container: Container) -> bool:
    container.reload()
    return bool(container.attrs["State"]["Status"] == "exited")


def told(person: Person, words: str) -> bool:
    return words in person.get(HOME).text


def test_a_kernel_that_was_ended_for_memory_is_told_at_home_and_can_be_dismissed(
    place: Yard, anna: Person, engine_client: docker.DockerClient
) -> None:
    container = lab(place, anna, engine_client)
    assert not told(anna, "ran out of memory")
    kernel = Kernel(anna)
    kernel.send(GREEDY)
    eventually(lambda: killed(container) == 1, 60, "the kernel is ended")
    eventually(lambda: told(anna, "A kernel ran out of memory"), NAMED, "home says so")
    page = anna.get(HOME).text
    assert "All of this server together may use 384 MB." in page
    assert 'href="/services/labyard/change?server=#memory"' in page
    container.reload()
    assert container.attrs["State"]["Running"]
    assert container.attrs["State"]["OOMKilled"] is False  # which is why nobody may rely on it
    fields = dict(
        re.findall(r'name="(_xsrf|server|code)" value="([^"]*)"', page.split("dismiss")[1])
    )
    answer = anna.http.post(f"{anna.url}{HOME}incidents/dismiss", data=fields, timeout=60)
    assert answer.status_code == 200, answer.text
    assert not told(anna, "ran out of memory")
    kernel.close()


def test_another_person_is_not_told(place: Yard, anna: Person) -> None:
    Kernel(anna).send(GREEDY)
    eventually(lambda: told(anna, "ran out of memory"), 60, "anna is told")
    ben = place.member("ben")
    assert not told(ben, "ran out of memory")


def test_a_lab_that_was_ended_for_memory_is_told(
    place: Yard, anna: Person, engine_client: docker.DockerClient
) -> None:
    container = lab(place, anna, engine_client)
    # The lab's own process takes it, so that nothing is left to go on.
    own = f"import threading; threading.Timer(6, lambda: exec({GREEDY!r})).start()"
    Kernel(anna).run(
        "import pathlib; p = pathlib.Path.home() / '.jupyter'; p.mkdir(exist_ok=True);"
        f"(p / 'jupyter_server_config.py').write_text({own!r})"
    )
    container.restart(timeout=10)
    eventually(lambda: exited(container), 60, "the lab is ended")
    eventually(lambda: told(anna, "The server ran out of memory and ended"), NAMED, "home says so")
    eventually(
        lambda: told(anna, ">Start with 512 MB<"), 60, "once the hub knows that it is stopped"
    )


def test_a_lab_that_is_stopped_is_no_incident(place: Yard) -> None:
    carl = place.member("carl")
    carl.run()
    carl.halt()
    carl.run()
    eventually(lambda: carl.lab("api").status_code == 200, 30, "the lab answers")
    assert "ended by itself" not in carl.get(HOME).text
    carl.halt()


def test_a_lab_that_somebody_killed_is_told_and_not_as_short_of_memory(
    place: Yard, engine_client: docker.DockerClient
) -> None:
    dirk = place.member("dirk")
    dirk.run()
    container = lab(place, dirk, engine_client)
    Kernel(dirk).send("import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    eventually(lambda: exited(container), 30, "the lab is ended")
    eventually(lambda: told(dirk, "The server ended by itself"), NAMED, "home says so")
    assert told(dirk, "Its exit code is 137. Something killed it.")
    assert not told(dirk, "ran out of memory")
