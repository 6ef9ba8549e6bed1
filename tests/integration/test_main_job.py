"""Sign up, start a lab, work, come back: over HTTP, on the real engine and proxy."""

from __future__ import annotations

import docker
import pytest

from labyard.core.names import INSTALLATION, USER, Names
from tests.tools.kernel import Kernel
from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard


@pytest.fixture(scope="module")
def user1(yard: Yard, admin: Person) -> Person:
    return yard.member("user1")


def test_an_unapproved_account_is_refused(yard: Yard, admin: Person) -> None:
    waiting = yard.person("waiting")
    waiting.sign_up(PASSWORD)
    waiting.sign_in(PASSWORD)
    assert not waiting.signed_in
    assert waiting.api("GET", "user").status_code == 403


def test_a_file_is_there_after_stop_and_start(yard: Yard, user1: Person) -> None:
    user1.run()
    user1.write("note.txt", "still here")
    user1.halt()
    user1.run()
    assert user1.read("note.txt") == "still here"


def test_a_kernel_runs_code_and_home_survives(yard: Yard, user1: Person) -> None:
    if not user1.ready():
        user1.run()
    kernel = Kernel(user1)
    assert kernel.run("print(6 * 7)") == "42"
    kernel.run("import pathlib; pathlib.Path('~/mine').expanduser().write_text('x')")
    assert kernel.run("import os; print(os.getuid(), os.getcwd())") == "1000 /home/lab/workspace"
    kernel.close()


def test_nobody_else_opens_it(yard: Yard, user1: Person) -> None:
    if not user1.ready():
        user1.run()
    other = yard.member("user2")
    for path in ("lab", "api/contents", "api/kernels", "files/note.txt"):
        assert other.get(user1.server_path() + path).status_code == 403, path
    stranger = yard.person("stranger")
    answer = stranger.get(user1.server_path() + "api/contents", allow_redirects=False)
    assert answer.status_code in (302, 403)


def test_named_servers_run_side_by_side(
    yard: Yard, user1: Person, engine_client: docker.DockerClient
) -> None:
    if not user1.ready():
        user1.run()
    user1.run("second")
    names = Names(yard.installation)
    first = engine_client.containers.get(names.lab("user1"))
    second = engine_client.containers.get(names.lab("user1", "second"))
    assert first.status == second.status == "running"
    assert user1.lab("api", "second").status_code == 200
    user1.write("from-second.txt", "shared", "second")
    assert user1.read("from-second.txt") == "shared"
    user1.halt("second")
    assert user1.ready()


def test_a_user_whose_name_needs_escaping_does_the_same(
    yard: Yard, admin: Person, engine_client: docker.DockerClient
) -> None:
    person = yard.member("anna-maria.o_x")
    person.run()
    person.write("a.txt", "b")
    labels = engine_client.containers.get(Names(yard.installation).lab(person.name)).labels
    assert labels[USER] == person.name
    assert labels[INSTALLATION] == yard.installation
    assert yard.labyard("servers", "restart", person.name).returncode == 0
    eventually(lambda: person.lab("api").status_code == 200, 30, "the lab answers again")
    assert person.read("a.txt") == "b"
    person.halt()
