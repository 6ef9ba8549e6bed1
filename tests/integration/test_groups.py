"""What groups grant holds in the next container, and only there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
import yaml

from labyard.core.names import Names
from labyard.policies.book import PRIVILEGED
from tests.tools.kernel import Kernel
from tests.tools.person import Person, eventually
from tests.tools.wishes import BEYOND, LOOK, PING, ROOT, SOCKET, WISHES
from tests.tools.yard import Yard

STUDENTS = {
    "name": "students",
    "cpu": 1,
    "memory": "1G",
    "servers": 1,
    "environment": {"COURSE": "physics"},
}


@pytest.fixture(scope="module")
def srv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory of the host below which directories may be granted."""
    srv = tmp_path_factory.mktemp("srv")
    (srv / "data").mkdir()
    (srv / "drop").mkdir()
    (srv / "drop").chmod(0o777)
    (srv / "data/given").write_text("for all")
    (srv / "allowed").write_text("anna")
    return srv


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard], srv: Path) -> Yard:
    nas = {"address": "127.0.0.1", "username": "labs", "password": "s3cret-of-the-nas"}
    storage = {"roots": [str(srv)], "servers": [nas]}
    auth = {"allow_list": str(srv / "allowed")}
    place = make_yard(labs={"stop_grace": "1s"}, groups=[STUDENTS], storage=storage, auth=auth)
    place.up()
    return place


@pytest.fixture(scope="module")
def boss(place: Yard) -> Person:
    return place.bootstrap()


@pytest.fixture
def anna(place: Yard, boss: Person) -> Iterator[Person]:
    person = place.person("anna")
    if not person.sign_in("correct horse battery").ok or not person.signed_in:
        person = place.member("anna")
    yield person
    if person.ready():
        person.halt()


@pytest.fixture
def lab(place: Yard, engine_client: docker.DockerClient) -> Callable[[], Any]:
    name = Names(place.installation).lab("anna")
    return lambda: engine_client.containers.get(name)


def told_to_a_token_that_reads_no_groups(person: Person) -> dict[str, Any]:
    """Return what REST says of a server."""
    scopes = ["read:servers!user", "access:services!service=labyard"]
    made = person.api("POST", f"users/{person.name}/tokens", json={"scopes": scopes}).json()
    answer = requests.get(
        f"{person.url}services/labyard/api/servers/{person.name}",
        headers={"Authorization": f"token {made['token']}"},
        timeout=30,
    )
    return dict(answer.json())


def grants(place: Yard, name: str) -> dict[str, tuple[str, list[str]]]:
    told = json.loads(place.labyard("policy", "check", name, "--json").stdout)
    return {each["grant"]: (each["words"], each["groups"]) for each in told}


def test_a_grant_holds_from_the_next_start_and_is_gone_after_it(
    place: Yard, anna: Person, lab: Callable[[], Any]
) -> None:
    place.labyard("groups", "add", "students", "anna")
    refused = anna.start(user_options={"cpu": 2})
    assert (refused.status_code, "1 core" in refused.json()["message"]) == (400, True)
    assert told_to_a_token_that_reads_no_groups(anna)["cpu_limit"] == 1
    anna.run()
    host = lab().attrs["HostConfig"]
    assert (host["NanoCpus"], host["Memory"]) == (10**9, 2**30)
    assert "COURSE=physics" in lab().attrs["Config"]["Env"]
    assert grants(place, "anna")["cpu"] == ("1 core", ["students"])
    page = anna.get("services/labyard/").text
    assert "1 core · 1 GB" in page
    assert "0 of 1" in page, "as many named servers as the group grants"
    assert grants(place, "anna")["shm"][1] == []
    place.labyard("groups", "remove", "students", "anna")
    assert lab().attrs["HostConfig"]["NanoCpus"] == 10**9, "what runs stays as it is"
    anna.halt()
    anna.run(user_options={"cpu": 1.5})
    assert lab().attrs["HostConfig"]["NanoCpus"] == 1_500_000_000
    assert not any(line.startswith("COURSE=") for line in lab().attrs["Config"]["Env"])


def restarted(person: Person, server: str = "") -> requests.Response:
    """Restart a server as the button and the command line do."""
    where = f"servers/{server}" if server else "server"
    url = f"{person.url}services/labyard/api/users/{person.name}/{where}/restart"
    headers = {"Authorization": f"token {person.token}"}
    return requests.post(url, headers=headers, json={}, timeout=120)


def reaches(lab: Any) -> bool:
    return bool(lab.exec_run(["python3", "-c", PING]).output.strip() == b"in")


def test_the_engines_socket_is_for_members_only(
    place: Yard, boss: Person, anna: Person, lab: Callable[[], Any]
) -> None:
    anna.run()
    assert not reaches(lab())
    anna.halt()
    place.labyard("groups", "add", PRIVILEGED, "anna")
    anna.run()
    assert reaches(lab())
    assert lab().attrs["HostConfig"]["CapDrop"] == ["ALL"], "nothing else is let go"
    boss.api("DELETE", f"groups/{PRIVILEGED}")
    anna.halt()
    anna.run()
    assert not reaches(lab())
    assert "docker.sock" not in str(lab().attrs)
    assert not lab().attrs["HostConfig"]["GroupAdd"]
    assert boss.api("GET", f"groups/{PRIVILEGED}").json()["users"] == [], "it is back, and empty"


def test_a_restart_takes_what_was_withdrawn_and_is_the_same_lab_otherwise(
    place: Yard, anna: Person, lab: Callable[[], Any]
) -> None:
    place.labyard("groups", "add", PRIVILEGED, "anna")
    anna.run()
    anna.write("kept.txt", "mine")
    first = lab().id
    answer = restarted(anna)
    assert (answer.json()["anew"], lab().id, reaches(lab())) == (False, first, True)
    place.labyard("groups", "remove", PRIVILEGED, "anna")
    place.down()
    place.up()
    assert reaches(lab()), "what runs is left alone, by a hub that starts, too"
    assert "the engine&#39;s socket" in anna.get("services/labyard/").text
    told = told_to_a_token_that_reads_no_groups(anna)
    assert told["withdrawn"] == ["the engine's socket"]
    assert "made anew" in place.labyard("servers", "restart", "anna").stdout
    assert lab().id != first
    assert not reaches(lab())
    assert anna.read("kept.txt") == "mine"
    assert told_to_a_token_that_reads_no_groups(anna)["withdrawn"] == []


def test_a_restart_is_refused_where_the_choices_are_no_longer_allowed(
    place: Yard, anna: Person, lab: Callable[[], Any]
) -> None:
    anna.run(user_options={"cpu": 2})
    first = lab().id
    place.labyard("groups", "add", "students", "anna")
    refused = restarted(anna)
    assert (refused.status_code, "1 core" in refused.json()["message"]) == (400, True)
    assert (lab().id, lab().status) == (first, "running"), "it goes on"
    place.labyard("groups", "remove", "students", "anna")
    assert restarted(anna).json()["anew"] is False


def test_a_restart_is_refused_to_whom_a_start_would_be(
    anna: Person, lab: Callable[[], Any], srv: Path
) -> None:
    anna.run()
    first = lab().attrs["State"]["StartedAt"]
    (srv / "allowed").write_text("somebody-else")
    answer = restarted(anna)
    (srv / "allowed").write_text("anna")
    assert (answer.status_code, "list" in answer.json()["message"]) == (403, True)
    assert lab().attrs["State"]["StartedAt"] == first, "it goes on"


def test_whoever_is_no_member_finds_no_way_to_the_engine(
    place: Yard, boss: Person, anna: Person, lab: Callable[[], Any], engine_client: Any
) -> None:
    for wish, value in WISHES.items():
        asked = anna.start(user_options={wish: value})
        assert asked.status_code == 400, f"{wish}: {asked.text}"
        assert anna.model() is None or anna.model()["stopped"]
    for value in (f"{SOCKET}:/tmp/s", "/var/run"):
        assert anna.start(user_options={"mount": value}).status_code == 400
    assert anna.start(user_options={"profile": PRIVILEGED}).status_code == 400
    assert anna.start("..%2f..%2fvar%2frun%2fdocker.sock").status_code in (400, 403, 404)
    for address in (f"unix://{SOCKET}", "tcp://127.0.0.1:2375"):
        anna.run(user_options={"environment": {"DOCKER_HOST": address}})
        found = lab()
        assert SOCKET not in str(found.attrs["Mounts"]) + str(found.attrs["HostConfig"]["Binds"])
        said = json.loads(found.exec_run(["python3", "-c", LOOK]).output)
        assert said["sockets"] == []
        assert said["open"] == []
        assert said["groups"] == [1000]
        token = said["token"]
        mine = {"Authorization": f"token {token}"}
        for method, path, body in (
            ("POST", f"groups/{PRIVILEGED}/users", {"users": ["anna"]}),
            ("PUT", "labyard/policies/mine", {"docker": "socket"}),
            ("POST", "labyard/policies", {"groups": [{"name": "mine", "docker": "socket"}]}),
            ("PATCH", "users/anna", {"admin": True}),
            ("POST", "users/admin/server", {}),
        ):
            for headers in (mine, {"Authorization": f"token {anna.token}"}):
                answer = requests.request(
                    method, f"{anna.url}hub/api/{path}", json=body, headers=headers, timeout=30
                )
                assert answer.status_code in (403, 404), f"{method} {path}: {answer.status_code}"
        anna.halt()


def test_how_many_servers_is_counted_for_whom_they_are(
    place: Yard, boss: Person, anna: Person
) -> None:
    place.labyard("groups", "add", "students", "anna")
    anna.run("one")
    over = boss.api("POST", "users/anna/servers/two")
    assert over.status_code == 400, over.text
    anna.halt("one")
    anna.api("DELETE", "users/anna/servers/one", json={"remove": True})
    policy = {"name": "guests", "servers": 0}
    assert boss.api("PUT", "labyard/policies/guests", json=policy).status_code == 200
    place.labyard("groups", "remove", "students", "anna")
    place.labyard("groups", "add", "guests", "anna")
    for method in ("POST", "PUT"):
        none = anna.api(method, "users/anna/servers/one")
        assert (none.status_code, "no named servers" in none.json()["message"]) == (403, True)
    assert anna.model("one") is None
    assert boss.api("PUT", "users/anna/servers/api").status_code == 400
    place.labyard("groups", "delete", "guests", "--yes")


@contextmanager
def member_of(place: Yard, boss: Person, name: str, **policy: Any) -> Iterator[None]:
    """Have anna in a group whose policy is ``policy``."""
    put = boss.api("PUT", f"labyard/policies/{name}", json={"name": name, **policy})
    assert put.status_code == 200, put.text
    place.labyard("groups", "add", name, "anna")
    yield
    place.labyard("groups", "delete", name, "--yes")
    place.labyard("policy", "remove", name)


def test_sudo_is_for_members_only_and_stays_in_the_container(
    place: Yard, boss: Person, anna: Person, lab: Callable[[], Any]
) -> None:
    anna.run()
    assert "stdout=''" in Kernel(anna).run(ROOT), "the program is there, and does nothing"
    anna.halt()
    with member_of(place, boss, "roots", sudo=True):
        anna.run()
        assert "stdout='0\\n', stderr=''" in Kernel(anna).run(ROOT)
        said = Kernel(anna).run(BEYOND)
        assert "mknod: /tmp/m: Operation not permitted" in said
        assert "permission denied" in said.lower()
        assert "CapBnd:\\t00000000200004fb" in said, "what CapAdd has, and nothing else"
        host = lab().attrs["HostConfig"]
        assert not host["Privileged"]
        assert host["CapDrop"] == ["ALL"]
    assert restarted(anna).json()["anew"] is True
    assert "stdout=''" in Kernel(anna).run(ROOT)
    assert lab().attrs["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
    assert lab().attrs["HostConfig"]["ReadonlyRootfs"]


def test_volumes_of_a_group_are_mounted_as_granted_and_go_with_the_grant(
    place: Yard, boss: Person, anna: Person, lab: Callable[[], Any], srv: Path
) -> None:
    extras = ["course:/mnt/course", f"{srv}/data:/mnt/data:ro", f"{srv}/drop:/home/lab/drop"]
    with member_of(place, boss, "course", volumes=extras):
        assert grants(place, "anna")["volumes"][1] == ["course"]
        anna.run()
        kernel = Kernel(anna)
        kernel.run(
            "open('/mnt/course/a', 'w').write('x'); open('/home/lab/drop/b', 'w').write('x')"
        )
        assert (srv / "drop/b").read_text() == "x"
        assert kernel.run("print(open('/mnt/data/given').read())") == "for all"
        said = kernel.run("import os; print(os.access('/mnt/data', os.W_OK))")
        assert said == "False"
        page = anna.get("services/labyard/volumes").text
        assert "/mnt/course" in page
        assert "From your groups" in page
        volume = f"{place.installation}_course"
        assert volume in [mount.get("Name") for mount in lab().attrs["Mounts"]]
    anna.halt()
    anna.run()
    assert "/mnt/course" not in str(lab().attrs["Mounts"])
    assert str(srv) not in str(lab().attrs["Mounts"])
    anna.halt()
    done = place.labyard("volumes", "reset", "anna", "course", "--yes", check=False)
    assert done.returncode != 0, "it is nobody's own"


def test_what_a_group_may_not_be_granted_starts_nothing_and_tells_no_password(
    place: Yard, boss: Person, anna: Person, srv: Path
) -> None:
    def told(extra: str) -> str:
        with member_of(place, boss, "wide", volumes=[extra]):
            anna.start()
            eventually(lambda: not (anna.model() or {}).get("pending"), 60, "the start is over")
            assert not anna.ready()
            told: str = anna.api("GET", "labyard/users/anna/server/start").text
            return told

    (srv / "out").symlink_to("/etc")
    assert "storage.roots" in told(f"{srv}/out:/mnt/out")
    assert "storage.roots" in told("/var/run:/mnt/run")
    assert "cover /mnt/shared" in told("course:/mnt")
    assert "storage.volumes" in told(f"{place.installation}-admin_home:/mnt/theirs")
    assert "storage.servers" in told("//10.0.0.9/x:/mnt/x")
    away = told("//127.0.0.1/x:/mnt/x")
    assert "password=[secret]" in away, "no file server is there"
    for where in (away, place.log("hub"), place.labyard("policy", "export").stdout):
        assert "s3cret-of-the-nas" not in where
    refused = boss.api("PUT", "labyard/policies/wide", json={"volumes": ["course:/etc"]})
    assert refused.status_code == 400
    assert "not one of the system" in refused.json()["message"]


def test_what_nobody_uses_is_stopped_and_what_computes_is_not(
    place: Yard, boss: Person, anna: Person
) -> None:
    anna.run("busy")
    kernel = Kernel(anna, "busy")
    kernel.send("import time; time.sleep(600)")
    anna.run()
    with member_of(place, boss, "idlers", idle_timeout="6s"):
        assert grants(place, "anna")["idle_timeout"] == ("6s", ["idlers"])
        assert "stops after 6s without use" in anna.get("services/labyard/").text
        eventually(lambda: not anna.ready(), 60, "the unused server is stopped")
        assert anna.ready("busy")
        assert anna.model("busy"), "and only stopped: it can be started again"
    kernel.close()
    anna.halt("busy")
    anna.api("DELETE", "users/anna/servers/busy", json={"remove": True})


def test_policies_are_set_whole_or_not_at_all(
    place: Yard, boss: Person, anna: Person, tmp_path: Path
) -> None:
    exported = yaml.safe_load(place.labyard("policy", "export").stdout)
    assert STUDENTS["environment"] in [each.get("environment") for each in exported["groups"]]
    file = tmp_path / "policies.yaml"
    file.write_text(yaml.safe_dump({"groups": [*exported["groups"], {"name": "gpu", "gpus": 2}]}))
    assert "set" in place.labyard("policy", "import", str(file)).stdout
    file.write_text("groups:\n- name: gpu\n  gpus: 4\n- name: big\n  cpu: lots\n")
    wrong = place.labyard("policy", "import", str(file), check=False)
    assert wrong.returncode == 1
    assert "policies.yaml:5: groups[1].cpu" in wrong.stderr
    file.write_text("groups:\n- name: gpu\n  gpus: 4\n- name: students\n  cpu: 64\n")
    assert "settings" in place.labyard("policy", "import", str(file), check=False).stderr
    listed = json.loads(place.labyard("policy", "list", "--json").stdout)
    assert {each["name"]: each.get("gpus") for each in listed}["gpu"] == 2
    for method, path in (("GET", "policies"), ("PUT", "policies/gpu"), ("DELETE", "policies/gpu")):
        assert anna.api(method, f"labyard/{path}", json={"gpus": 9}).status_code == 403
    many = [{"name": f"group{n}", "environment": {"ABOUT": "x" * 200}} for n in range(200)]
    assert boss.api("POST", "labyard/policies", json={"groups": many}).status_code == 200
    assert anna.api("GET", "labyard/policy/admin").status_code == 404
    place.labyard("policy", "remove", "gpu")


@pytest.mark.parametrize(
    ("scope", "policy", "status"),
    [
        ("admin:groups!group=students", {}, 403),
        ("admin:groups", {"docker": "socket"}, 403),
        ("admin:groups", {"docker": "none"}, 200),
    ],
)
def test_who_manages_groups_alone_cannot_grant_the_host(
    boss: Person, scope: str, policy: dict[str, str], status: int
) -> None:
    made = boss.api("POST", "users/admin/tokens", json={"scopes": [scope]}).json()
    answer = requests.put(
        f"{boss.url}hub/api/labyard/policies/mine",
        json=policy,
        headers={"Authorization": f"token {made['token']}"},
        timeout=30,
    )
    assert answer.status_code == status, answer.text
