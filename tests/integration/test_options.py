"""Every option on the real engine: seen in inspect, and refused by name whichever way it comes."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
import requests

from labyard.core.names import CPU, GPUS, MEMORY, Names
from labyard.settings.schema import Settings
from tests.tools.person import Person, eventually
from tests.tools.yard import Yard

IMAGE = os.environ.get("LABYARD_LABS__IMAGE", Settings().labs.image)
API = "services/labyard/api/"
PROFILES: list[dict[str, Any]] = [
    {"name": "usual", "title": "Usual"},
    {
        "name": "course",
        "title": "Course",
        "lock": {"cpu": 0.4, "environment": {"COURSE": "1"}},
        "default": {"memory": "400M"},
        "offer": ["days"],
    },
]


@pytest.fixture(scope="module")
def other_image(engine_client: docker.DockerClient) -> Iterator[str]:
    """Another name of the lab image."""
    name = f"labyard/lab:options-{os.getpid()}"
    engine_client.images.get(IMAGE).tag(name)
    yield name
    engine_client.images.remove(name)


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard], other_image: str) -> Yard:
    yard = make_yard(
        labs={"images": [other_image], "profiles": PROFILES, "gpus": 1, "max_days": 30},
        gpu={"devices": ["GPU-a", "GPU-b"]},
    )
    yard.up()
    return yard


@pytest.fixture(scope="module")
def admin(place: Yard) -> Person:
    return place.bootstrap()


@pytest.fixture(scope="module")
def person(place: Yard, admin: Person) -> Iterator[Person]:
    someone = place.member("chooser")
    yield someone
    if someone.ready():
        someone.halt()


def rest(person: Person, method: str, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"token {person.token}"}
    return requests.request(
        method, person.url + API + path, headers=headers, timeout=120, **options
    )


def lab_of(place: Yard, client: docker.DockerClient, user: str, server: str = "") -> Any:
    return client.containers.get(Names(place.installation).lab(user, server))


CHOSEN = {
    "profile": "usual",
    "cpu": 0.3,
    "memory": "300M",
    "shm": "32M",
    "days": 3,
    "environment": {"GREETING": "hello=you", "TF_CPP_MIN_LOG_LEVEL": "1"},
}


def typed(value: object) -> str:
    if isinstance(value, dict):
        return "\r\n".join(f"{name}={text}" for name, text in value.items())
    return str(value)


def check(lab: Any, image: str) -> None:
    host, config = lab.attrs["HostConfig"], lab.attrs["Config"]
    assert config["Image"] == image
    assert host["NanoCpus"] == 300_000_000
    assert host["Memory"] == host["MemorySwap"] == 300 * 2**20
    assert host["ShmSize"] == 32 * 2**20
    assert {"GREETING=hello=you", "TF_CPP_MIN_LOG_LEVEL=1"} <= set(config["Env"])
    assert config["Labels"][CPU] == "0.3"
    assert config["Labels"][MEMORY] == str(300 * 2**20)
    assert {m["Destination"] for m in lab.attrs["Mounts"]} >= {"/home", "/mnt/shared"}


@pytest.mark.timeout(300)
def test_every_field_is_seen_in_inspect_and_kept_for_the_next_start(
    place: Yard, person: Person, other_image: str, engine_client: docker.DockerClient
) -> None:
    started = rest(
        person,
        "POST",
        "users/chooser/server/start",
        json={"options": {**CHOSEN, "image": other_image}},
    )
    assert started.status_code == 200, started.text
    check(lab_of(place, engine_client, "chooser"), other_image)
    details = rest(person, "GET", "servers/chooser").json()
    assert details["options"]["environment"] == CHOSEN["environment"]
    assert (details["options"]["days"], details["memory_limit"]) == (3, 300 * 2**20)
    told = place.labyard("servers", "info", "chooser").stdout
    assert "GREETING" in told
    assert "300 MB" in told
    person.halt()
    person.run()  # without options
    check(lab_of(place, engine_client, "chooser"), other_image)
    person.halt()


@pytest.mark.timeout(300)
def test_the_form_gives_the_same(
    place: Yard, person: Person, other_image: str, engine_client: docker.DockerClient
) -> None:
    fields = {name: typed(value) for name, value in CHOSEN.items()} | {"image": other_image}
    answer = person.submit("hub/spawn", fields, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    eventually(person.ready, 120, "the lab is ready")
    check(lab_of(place, engine_client, "chooser"), other_image)
    person.halt()


@pytest.mark.timeout(300)
def test_the_command_line_gives_the_same(
    place: Yard, person: Person, other_image: str, engine_client: docker.DockerClient
) -> None:
    place.labyard(
        *("servers", "start", "chooser/cli", "--new", "--image", other_image),
        *("--profile", "usual", "--cpu", "0.3", "--memory", "300M", "--shm", "32M"),
        *("--days", "3", "-e", "GREETING=hello=you", "-e", "TF_CPP_MIN_LOG_LEVEL=1"),
    )
    check(lab_of(place, engine_client, "chooser", "cli"), other_image)
    place.labyard("servers", "stop", "chooser/cli")
    refused = place.labyard("servers", "start", "chooser", "--cpu", "99", check=False)
    assert refused.returncode == 1
    assert "cpu" in refused.stderr
    slip = place.labyard("servers", "start", "chooser/slip", check=False)
    assert "no server named 'chooser/slip'" in slip.stderr


BAD = {
    "profile": ("large", "no profile here"),
    "image": ("evil:1", "not offered here"),
    "cpu": ("1,5", "write 1.5"),
    "memory": ("999T", "more than"),
    "shm": ("1T", "more than"),
    "gpus": ("2", "more than the 1 you may use"),
    "days": ("31", "more than the 30 days"),
    "mount": ("maybe", "yes or no"),
    "environment": ("LD_PRELOAD=/tmp/x.so", "leave 'LD_PRELOAD' alone"),
}


@pytest.mark.parametrize("field", BAD)
def test_a_bad_value_is_refused_by_name_whichever_way_it_comes(person: Person, field: str) -> None:
    value, why = BAD[field]
    by_hub = person.start(user_options={field: value})
    assert by_hub.status_code == 400
    assert why in by_hub.json()["message"]
    by_rest = rest(person, "POST", "users/chooser/server/start", json={"options": {field: value}})
    assert by_rest.status_code == 400
    assert why in by_rest.json()["fields"][field]
    form = person.submit("hub/spawn", {field: value})
    beside = re.search(rf'id="{field}-wrong">([^<]*)<', form.text)
    assert beside
    assert why in html.unescape(beside[1])
    query = person.get("hub/spawn", params={f"opt-{field}": value})
    assert query.status_code == 400
    assert why in html.unescape(query.text)
    assert not person.ready()


def test_what_a_profile_fixes_cannot_be_chosen(
    place: Yard, person: Person, engine_client: docker.DockerClient
) -> None:
    for wish in ({"cpu": 0.5}, {"environment": {"A": "1"}}, {"shm": "64M"}, {"image": IMAGE}):
        answer = person.start(user_options={"profile": "course", **wish})
        assert answer.status_code == 400
        assert "the profile 'Course' sets it" in answer.json()["message"]
    person.run(user_options={"profile": "course", "memory": "350M", "days": 2})
    lab = lab_of(place, engine_client, "chooser")
    assert lab.attrs["HostConfig"]["NanoCpus"] == 400_000_000
    assert lab.attrs["HostConfig"]["Memory"] == 350 * 2**20
    assert "COURSE=1" in lab.attrs["Config"]["Env"]
    person.halt()


def test_a_server_without_volumes_is_writable_and_leaves_nothing(
    place: Yard, person: Person, engine_client: docker.DockerClient
) -> None:
    person.run(user_options={"mount": False})
    lab = lab_of(place, engine_client, "chooser")
    assert not [m for m in lab.attrs["Mounts"] if m["Name"].startswith(place.installation)]
    person.write("gone.txt", "soon")
    assert person.read("gone.txt") == "soon"
    nameless = [m["Name"] for m in lab.attrs["Mounts"]]
    person.halt()
    left = {volume.name for volume in engine_client.volumes.list()}
    assert not left & set(nameless)


def test_a_gpu_this_engine_does_not_have_is_told_plainly(place: Yard, person: Person) -> None:
    answer = rest(person, "POST", "users/chooser/server/start", json={"options": {"gpus": 1}})
    assert answer.status_code >= 400
    assert "There is no GPU for the lab" in answer.json()["message"], answer.text
    assert not person.ready()


def test_no_gpu_is_given_twice_and_how_many_are_free_is_told(
    place: Yard, person: Person, engine_client: docker.DockerClient
) -> None:
    names = Names(place.installation)
    labels = {**names.lab_labels(999, "holder", ""), GPUS: "GPU-a,GPU-b"}
    holder = engine_client.containers.run(
        IMAGE, ["sleep", "120"], name=names.lab("holder"), labels=labels, detach=True
    )
    try:
        wish = {"options": {"gpus": 1}}
        answer = rest(person, "POST", "users/chooser/server/start", json=wish)
        assert answer.status_code >= 400
        assert "0 of 2 GPUs are free; 1 were asked for" in answer.json()["message"]
        assert "GPU-a" not in answer.text
        assert not person.ready()
        eventually(
            lambda: "0 of 2 GPUs free" in person.get("services/labyard/new").text, 20, "none free"
        )
    finally:
        holder.remove(force=True)


@pytest.mark.timeout(300)
def test_an_administrator_starts_a_server_for_somebody_else(
    place: Yard, admin: Person, person: Person, engine_client: docker.DockerClient
) -> None:
    path = "hub/spawn/chooser/by-admin"
    page = admin.get(path)
    assert page.status_code == 200
    assert "started by you" in page.text
    admin.submit(path, {"memory": "320M"}, allow_redirects=False)
    eventually(lambda: person.ready("by-admin"), 120, "the lab is ready")
    lab = lab_of(place, engine_client, "chooser", "by-admin")
    assert lab.attrs["HostConfig"]["Memory"] == 320 * 2**20
    person.halt("by-admin")
    assert person.get("hub/spawn/admin").status_code in (403, 404)


def test_what_may_be_chosen_is_answered_to_whom_it_concerns(person: Person) -> None:
    limits = rest(person, "GET", "users/chooser/limits").json()
    assert limits["cpu"] == 2.0
    assert [each["name"] for each in limits["profiles"]] == ["usual", "course"]
    assert limits["host_cpu"] >= 1
    assert rest(person, "GET", "users/admin/limits").status_code == 403
    assert person.api("GET", "labyard/limits/admin").status_code in (403, 404)


def test_nothing_is_kept_of_a_refused_choice(person: Person) -> None:
    assert person.start(user_options={"environment": {"JUPYTERHUB_X": "1"}}).status_code == 400
    assert "JUPYTERHUB_X" not in json.dumps(person.api("GET", f"users/{person.name}").json())
