"""A container is what the policy says, whatever was asked for."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from labyard.core.names import Names
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

ASKED = {
    "image": "alpine:latest",
    "volumes": {"/": {"bind": "/host"}},
    "memory": "999G",
    "mem_limit": "999G",
    "environment": {"LD_PRELOAD": "/tmp/x.so"},
    "privileged": True,
    "extra_host_config": {"privileged": True},
    "cmd": ["sh"],
    "user": "root",
}


@pytest.fixture(scope="module")
def person(yard: Yard, admin: Person) -> Iterator[Person]:
    someone = yard.member("policy")
    yield someone
    if someone.model():
        someone.halt()


@pytest.mark.parametrize("option", ASKED)
def test_each_is_refused_by_name_through_the_api(person: Person, option: str) -> None:
    answer = person.start(user_options={option: ASKED[option]})
    assert answer.status_code == 400, answer.text
    assert option in answer.json()["message"].lower()
    assert person.model() is None or person.model()["stopped"]  # type: ignore[index]


@pytest.mark.parametrize("option", ["image", "memory", "privileged", "cmd"])
def test_each_is_refused_through_form_and_query(person: Person, option: str) -> None:
    value = str(ASKED[option])
    form = person.submit("hub/spawn", {option: value})
    assert option in form.text.lower()
    if option == "memory":
        assert f'value="{value}"' in form.text, "what was typed is still there to be mended"
    assert not person.ready()
    query = person.get("hub/spawn", params={f"opt-{option}": value})
    assert query.status_code == 400
    assert not person.ready()


def test_what_the_hub_keeps_is_what_was_understood(person: Person) -> None:
    assert person.start(user_options={"_junk": "x" * 100_000}).status_code == 400
    assert "_junk" not in str(person.api("GET", f"users/{person.name}").json())


def test_a_choice_too_small_to_be_a_limit_is_refused(person: Person) -> None:
    for cores in (1e-9, 4e-10):
        answer = person.start(user_options={"cpu": cores})
        assert answer.status_code == 400, answer.text


def test_a_refused_choice_is_not_kept_for_the_next_start(person: Person) -> None:
    assert person.start(user_options={"image": "alpine:latest"}).status_code == 400
    person.run()
    person.halt()


def test_inspect_equals_the_policy(
    yard: Yard, person: Person, engine_client: docker.DockerClient
) -> None:
    person.run(user_options={"cpu": 0.5, "memory": "1G"})
    container = engine_client.containers.get(Names(yard.installation).lab(person.name))
    host, config = container.attrs["HostConfig"], container.attrs["Config"]
    assert host["NanoCpus"] == 500_000_000
    assert host["Memory"] == host["MemorySwap"] == 2**30
    assert host["ShmSize"] == 256 * 2**20
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["PidsLimit"] == 512
    assert host["Privileged"] is False
    assert host["LogConfig"]["Config"] == {"max-size": str(10 * 2**20), "max-file": "3"}
    assert host["PidMode"] == host["UTSMode"] == ""
    assert not host["Devices"]
    assert not host["DeviceRequests"]
    assert not host["PortBindings"]
    assert config["User"] == "1000:1000"
    assert all(mount["Type"] == "volume" for mount in container.attrs["Mounts"])
    assert {m["Destination"] for m in container.attrs["Mounts"]} == {
        "/home",
        "/home/lab/workspace",
        "/home/lab/.cache",
        "/mnt/shared",
        "/run/labyard",
        "/tmp",
    }


def test_no_secret_is_seen_from_outside(
    yard: Yard, person: Person, engine_client: docker.DockerClient
) -> None:
    if not person.ready():
        person.run()
    container = engine_client.containers.get(Names(yard.installation).lab(person.name))
    script = (
        "import json; print(json.load(open('/run/labyard/secrets.json'))['JUPYTERHUB_API_TOKEN'])"
    )
    token = container.exec_run(["python3", "-c", script]).output.decode().strip()
    assert len(token) >= 32
    assert token not in str(container.attrs)
    assert token not in container.logs().decode()
    assert token not in yard.log()
    environ = container.exec_run(["cat", "/proc/1/environ"], user="0").output.decode()
    assert token not in environ


def test_limits_hold_in_the_cgroup(
    yard: Yard, person: Person, engine_client: docker.DockerClient
) -> None:
    if not person.ready():
        person.run(user_options={"memory": "1G"})
    container = engine_client.containers.get(Names(yard.installation).lab(person.name))
    limit = container.exec_run(
        [
            "sh",
            "-c",
            "cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max",
        ]
    ).output.decode()
    assert int(limit.split()[-1]) == container.attrs["HostConfig"]["Memory"]
    person.halt()
    eventually(lambda: not person.model(), 10, "stopped")
