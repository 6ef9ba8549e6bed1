"""Whose volume is it: of two installations on one engine, of a user renamed, of one who came again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from itertools import combinations
from typing import Any

import docker
import pytest
import requests

from labyard.core.names import INSTALLATION, KIND, USER_ID, VOLUME, Kind, Names
from tests.tools.kernel import Kernel
from tests.tools.person import Person, eventually
from tests.tools.yard import PASSWORD, Yard

OWN = ("home", "workspace", "cache")


@dataclass(frozen=True)
class Objects:
    """What an installation has on the engine."""

    labs: frozenset[tuple[str, str, str]]
    volumes: frozenset[str]
    networks: frozenset[tuple[str, str]]
    subnets: tuple[IPv4Network, ...]


def objects(client: docker.DockerClient, place: Yard) -> Objects:
    mine = {"filters": {"label": f"{INSTALLATION}={place.installation}"}}
    networks = client.networks.list(**mine)
    # What measures volumes comes and goes by itself.
    labs = {"label": [f"{INSTALLATION}={place.installation}", f"{KIND}={Kind.LAB}"]}
    return Objects(
        frozenset(
            (c.name, c.id, c.status)
            for c in client.containers.list(all=True, ignore_removed=True, filters=labs)
        ),
        frozenset(v.name for v in client.volumes.list(**mine)),
        frozenset((n.name, n.id) for n in networks),
        tuple(ip_network(n.attrs["IPAM"]["Config"][0]["Subnet"]) for n in networks),
    )


@pytest.fixture(scope="module")
def twins(make_yard: Callable[..., Yard]) -> tuple[Yard, Yard]:
    """Two installations on one engine."""
    first, second = make_yard(), make_yard()
    for place in (first, second):
        place.up()
    return first, second


@pytest.fixture(scope="module")
def admin(twins: tuple[Yard, Yard]) -> Person:
    return twins[0].bootstrap()


def missing(person: Person, path: str) -> bool:
    """Return whether the lab has no such file."""
    person.lab("lab")  # signs in at the lab
    return person.lab(f"api/contents/{path}").status_code == 404


# -- users come and go ----------------------------------------------------------------------------


def test_a_renamed_user_keeps_their_volumes(twins: tuple[Yard, Yard], admin: Person) -> None:
    place, person = twins[0], twins[0].member("maiden")
    person.run()
    person.write("mine.txt", "kept")
    person.halt()
    answer = admin.api("PATCH", "users/maiden", json={"name": "married"})
    assert answer.status_code == 200, answer.text

    renamed = place.person("married")
    renamed.sign_in(PASSWORD)
    renamed.run()
    assert renamed.read("mine.txt") == "kept"
    renamed.halt()

    heir = place.member("maiden")
    heir.run()
    assert missing(heir, "mine.txt")
    heir.halt()


def test_who_comes_after_a_removed_user_finds_nothing(
    twins: tuple[Yard, Yard], admin: Person, engine_client: docker.DockerClient
) -> None:
    place, person = twins[0], twins[0].member("gone")
    person.run()
    person.write("private.txt", "mine")
    person.halt()
    before = objects(engine_client, place).volumes
    assert admin.api("DELETE", "users/gone").status_code == 204

    for name in ("gone", "after"):
        newcomer = place.member(name)
        newcomer.run()
        assert missing(newcomer, "private.txt"), name
        newcomer.halt()
    assert before < objects(engine_client, place).volumes


def by_rest(_place: Yard, admin: Person, name: str) -> None:
    assert admin.api("DELETE", f"labyard/accounts/{name}").status_code == 204


def by_command(place: Yard, _admin: Person, name: str) -> None:
    place.labyard("users", "remove", "--yes", name)


def by_page(_place: Yard, admin: Person, name: str) -> None:
    fields = {"action": "delete", "confirm": name, "volumes": "keep"}
    done = admin.submit(f"services/labyard/admin/users/{name}", fields)
    assert done.status_code == 200


def ask(person: Person, path: str = "") -> requests.Response:
    """Ask REST for a person's own volumes, or for something of one."""
    url = f"{person.url}services/labyard/api/users/{person.name}/volumes{path}"
    return requests.get(url, headers={"Authorization": f"token {person.token}"}, timeout=60)


def volumes(person: Person) -> dict[str, dict[str, Any]]:
    """Return what REST tells of a person's own volumes, by name."""
    found = ask(person).json()["volumes"]
    return {volume["name"]: volume for volume in found if not volume["shared"]}


def test_no_way_of_removing_hands_a_name_its_volumes(
    twins: tuple[Yard, Yard], admin: Person, engine_client: docker.DockerClient
) -> None:
    """Three people go, each by another way, and others come by their names: they see nothing, anywhere."""
    place = twins[0]
    ways = {"gone-rest": by_rest, "gone-cli": by_command, "gone-page": by_page}
    people = [place.member(name) for name in ways]

    def live(person: Person) -> set[str]:
        person.run()
        person.write("private.txt", "mine")
        person.halt()
        return {volume["source"] for volume in volumes(person).values()}

    with ThreadPoolExecutor(len(people)) as threads:
        owned = dict(zip(ways, threads.map(live, people), strict=True))
    for name, remove in ways.items():
        remove(place, admin, name)
        heir = place.member(name)
        inherited = volumes(heir)
        assert not any(volume["exists"] for volume in inherited.values()), name
        assert {volume["source"] for volume in inherited.values()}.isdisjoint(owned[name]), name
        for key in OWN:
            assert ask(heir, f"/{key}/archive").status_code == 404, (name, key)
            page = heir.get(f"services/labyard/volumes/download?volume={key}")
            assert f"{key.capitalize()} is not there yet." in page.text
        assert owned[name] <= objects(engine_client, place).volumes, name


def test_a_rename_by_rest_or_command_keeps_every_volume(
    twins: tuple[Yard, Yard], admin: Person
) -> None:
    place, person = twins[0], twins[0].member("before")
    person.run()
    person.write("mine.txt", "kept")
    person.halt()
    owned = volumes(person)

    answer = admin.api("POST", "labyard/accounts/before/rename", json={"name": "between"})
    assert answer.status_code == 200, answer.text
    place.labyard("users", "rename", "between", "later")
    renamed = place.person("later")
    renamed.sign_in(PASSWORD)
    kept = {key: volume["source"] for key, volume in volumes(renamed).items()}
    assert kept == {key: volume["source"] for key, volume in owned.items()}
    assert all(volume["exists"] for volume in volumes(renamed).values())
    renamed.run()
    assert renamed.read("mine.txt") == "kept"
    renamed.halt()


# -- two installations ----------------------------------------------------------------------------


def test_what_one_installation_does_the_other_never_feels(
    twins: tuple[Yard, Yard], engine_client: docker.DockerClient
) -> None:
    first, second = twins
    ours, theirs = first.member("same"), second.member("same")
    for person, place in ((ours, first), (theirs, second)):
        person.run()
        person.write("whose.txt", place.installation)
    mine, before = objects(engine_client, first), objects(engine_client, second)
    assert mine.volumes.isdisjoint(before.volumes)
    assert len(mine.labs) == len(before.labs) == 1
    subnets = (*mine.subnets, *before.subnets)
    assert not any(a.overlaps(b) for a, b in combinations(subnets, 2))

    ours.halt()
    assert objects(engine_client, second) == before
    first.labyard("volumes", "reset", "--yes", "same", *OWN)
    assert objects(engine_client, second) == before
    names = Names(first.installation)
    left = objects(engine_client, first).volumes
    assert left.isdisjoint({names.volume("same", key) for key in OWN})
    ours.run()
    assert missing(ours, "whose.txt")
    first.down(labs=True)
    assert objects(engine_client, first).labs == frozenset()
    assert objects(engine_client, second) == before

    assert theirs.read("whose.txt") == second.installation
    theirs.halt()
    theirs.run()
    assert theirs.read("whose.txt") == second.installation
    theirs.halt()


# -- volumes from before --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def migrated(make_yard: Callable[..., Yard]) -> Yard:
    """An installation that calls things as Stellars does, without its one shared volume."""
    volumes = [
        {"name": "home", "target": "/home"},
        {"name": "workspace", "target": "/home/lab/workspace"},
    ]
    place = make_yard(naming="stellars", volumes=volumes)
    place.up()
    place.bootstrap()
    return place


@pytest.fixture
def make_volume(engine_client: docker.DockerClient) -> Iterator[Callable[..., str]]:
    """Make volumes that belong to nobody's test run, and remove them."""
    made: list[str] = []

    def make(name: str, labels: dict[str, str] | None = None, file: str = "") -> str:
        engine_client.volumes.create(name, labels=labels or {})
        made.append(name)
        if file:
            engine_client.containers.run(
                "labyard/lab:latest",
                [
                    "sh",
                    "-c",
                    f"mkdir -p $(dirname {file}); echo theirs >{file}; chown -R 1000:1000 /v",
                ],
                volumes={name: {"bind": "/v"}},
                network_mode="none",
                user="0",
                remove=True,
            )
        return name

    yield make
    for name in made:
        engine_client.volumes.get(name).remove(force=True)


def test_volumes_from_before_are_adopted_with_what_is_in_them(
    migrated: Yard, make_volume: Callable[..., str], engine_client: docker.DockerClient
) -> None:
    unique = secrets.token_hex(4)
    name, escaped = f"anna-{unique}", f"anna-2d{unique}"
    home = make_volume(f"jupyterlab-{escaped}_home", file="/v/lab/kept")
    workspace = make_volume(f"jupyterlab-{escaped}_workspace", file="/v/kept.txt")
    anna = migrated.member(name)
    anna.run()
    lab = engine_client.containers.get(f"jupyterlab-{escaped}")
    mounts = {m["Destination"]: m.get("Name") for m in lab.attrs["Mounts"]}
    assert mounts["/home"] == home
    assert mounts["/home/lab/workspace"] == workspace
    kernel = Kernel(anna)
    assert kernel.run("import os; print(open(os.path.expanduser('~/kept')).read())") == "theirs"
    kernel.close()
    anna.write("kept.txt", "changed")
    anna.halt()
    anna.run()
    assert anna.read("kept.txt") == "changed"
    anna.halt()


def test_a_volume_of_another_installation_is_never_adopted(
    migrated: Yard, make_volume: Callable[..., str], engine_client: docker.DockerClient
) -> None:
    name = f"bert{secrets.token_hex(4)}"
    foreign = {INSTALLATION: "telsewhere", KIND: "volume", USER_ID: "1", VOLUME: "home"}
    volume = make_volume(f"jupyterlab-{name}_home", labels=foreign, file="/v/lab/kept")
    bert = migrated.member(name)
    bert.start()
    eventually(lambda: not (bert.model() or {"pending": None})["pending"], 60, "it is decided")
    assert not bert.ready()
    assert "belongs to the installation telsewhere" in migrated.log()
    assert engine_client.volumes.get(volume).attrs["Labels"] == foreign
    assert (
        engine_client.containers.list(all=True, ignore_removed=True, filters={"name": name}) == []
    )
