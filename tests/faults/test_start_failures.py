"""Each cause why a lab does not start, injected on the real engine: named, explained, cleared away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path

import docker
import pytest
import requests

from labyard.core.names import INSTALLATION, KIND, Names
from tests.tools.bad_images import BASE, SCRIPT, BadImages
from tests.tools.person import Person, eventually
from tests.tools.places import free_block
from tests.tools.registry import registry
from tests.tools.starts import cancel, failure, story
from tests.tools.yard import Yard

# The image, what it is told as, and what the facts say.
IMAGES = [
    ("foreign", "wrong-architecture", "exit code"),
    ("half-foreign", "wrong-architecture", "exit code"),
    ("nothing", "no-singleuser", "exit code 127"),
    ("stranger", "no-singleuser", "not jupyterhub-singleuser"),
    ("older", "version-mismatch", "5.4.0"),
    ("ends", "lab-ended", "exit code 3"),
]


# A site's own configuration that asks the engine for what it cannot do, by the server's name.
HOOK = """
from dataclasses import replace
from labyard.core.models import Mount, MountKind

def spoil(spawner, plan):
    match spawner.name:
        case "tiny":
            return replace(plan, memory=2**20)
        case "unmounted":
            return replace(plan, mounts=(Mount("x", "/nowhere", "/x", MountKind.BIND),))
        case "lost":
            return replace(plan, working_dir="/proc/nowhere")
    return plan

c.LabSpawner.plan_hook = spoil
"""
SPOILED = {"tiny": "limit-impossible", "unmounted": "mount-impossible", "lost": "program-failed"}


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """An empty registry, and one that lets nobody in."""
    root = tmp_path_factory.mktemp("registries")
    with registry(root / "open") as opened, registry(root / "shut", guarded=True) as shut:
        yield opened, shut


@pytest.fixture(scope="module")
def images(engine_client: docker.DockerClient) -> Iterator[BadImages]:
    """Images that cannot run a lab."""
    made = BadImages(engine_client)
    try:
        made.build(*made.names)
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def place(
    make_yard: Callable[..., Yard],
    registries: tuple[str, str],
    images: BadImages,
) -> Yard:
    away = ["registry.invalid/lab:1", "127.0.0.1:1/lab:1", *(f"{r}/lab:1" for r in registries)]
    yard = make_yard(
        labs={
            "start_timeout": "25s",
            "memory": None,
            "cpu": None,
            "gpus": 1,
            "images": [*images.names.values(), *away],
        },
        gpu={"devices": ["GPU-0000"]},
    )
    (yard.directory / "jupyterhub_config.d").mkdir()
    (yard.directory / "jupyterhub_config.d" / "hook.py").write_text(HOOK)
    yard.up()
    yard.bootstrap()
    return yard


@pytest.fixture(scope="module")
def anna(place: Yard) -> Person:
    return place.member("anna")


@pytest.fixture
def image(images: BadImages) -> Callable[[str], str]:
    return lambda key: images.names[key]


@pytest.fixture(autouse=True)
def nothing_left(
    request: pytest.FixtureRequest, engine_client: docker.DockerClient
) -> Iterator[None]:
    """See that a start that failed leaves no lab and no network on the engine."""
    place: Yard = request.getfixturevalue("place")
    yield
    eventually(lambda: left(engine_client, place) == [], 10, "nothing is left")


def left(client: docker.DockerClient, place: Yard) -> list[str]:
    """Return the names of the installation's labs and networks."""
    label = f"{INSTALLATION}={place.installation}"
    labs = client.containers.list(
        all=True, ignore_removed=True, filters={"label": [label, f"{KIND}=lab"]}
    )
    return [thing.name for thing in (*labs, *client.networks.list(filters={"label": label}))]


@pytest.mark.parametrize(("key", "code", "why"), IMAGES, ids=[key for key, *_ in IMAGES])
def test_an_image_that_cannot_run_a_lab(
    place: Yard, image: Callable[[str], str], key: str, code: str, why: str
) -> None:
    told = failure(place.member(f"user-{key}"), image=image(key))
    assert told["code"] == code
    assert why in told["why"]
    assert told["remedy"]


def test_a_lab_that_ends_leaves_its_last_words_which_nobody_runs(
    anna: Person, image: Callable[[str], str]
) -> None:
    assert failure(anna, image=image("ends"))["said"] == f"first words\n{SCRIPT}"
    card = anna.get("hub/spawn-pending/anna").text
    assert "&lt;script&gt;" in card
    for page in (card, anna.get("services/labyard/").text, anna.get("hub/spawn/anna").text):
        assert SCRIPT not in page


def test_a_lab_that_runs_and_never_listens_is_told_while_it_is_waited_for(
    anna: Person, image: Callable[[str], str]
) -> None:
    anna.start(image=image("silent"))

    def said() -> bool:
        last = story(anna)["steps"][-1]
        return "port is still closed" in last["detail"] and last["log"] == SCRIPT

    eventually(said, 20, "the page says that the port is closed")
    eventually(lambda: story(anna)["state"] == "failed", 40, "the start is over")
    told = story(anna)["outcome"]
    assert told["code"] == "never-listened"
    assert "8888 is closed" in told["why"]


def test_a_lab_that_runs_out_of_memory(anna: Person, image: Callable[[str], str]) -> None:
    told = failure(anna, image=image("greedy"), memory="128M")
    assert (told["code"], told["mends"], told["again"]) == ("out-of-memory", "memory", False)
    assert "128 MB" in told["why"]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (2, "no-image"),
        (3, "registry-refused"),
        (1, "registry-unreachable"),
        (0, "registry-unreachable"),
    ],
    ids=["wrong-name", "refuses", "nobody-listens", "unknown-host"],
)
def test_an_image_that_cannot_be_fetched(place: Yard, anna: Person, at: int, code: str) -> None:
    name = [n for n in place.settings["labs"]["images"] if n.endswith("/lab:1")][at]
    told = failure(anna, image=name)
    assert told["code"] == code
    assert name in told["why"]


def test_a_gpu_that_the_engine_has_no_driver_for(anna: Person, image: Callable[[str], str]) -> None:
    told = failure(anna, image=image("ends"), gpus=1)
    assert (told["code"], told["mends"]) == ("no-gpu", "gpus")
    assert "nvidia" in told["why"]


@pytest.mark.parametrize("server", SPOILED)
def test_what_the_engine_cannot_do(anna: Person, server: str) -> None:
    told = failure(anna, server)
    assert told["code"] == SPOILED[server], told


@pytest.mark.parametrize("limit", [{"memory": "900T"}, {"cpu": 4000}])
def test_a_limit_above_the_host_is_refused_with_what_the_host_has(
    anna: Person, limit: dict[str, object]
) -> None:
    told = failure(anna, **limit)
    assert told["code"] in {"limit-above-host", "refused"}
    assert told["mends"] in limit
    assert not told["again"]


def test_a_name_that_something_else_has(
    place: Yard, anna: Person, engine_client: docker.DockerClient, image: Callable[[str], str]
) -> None:
    names = Names(place.installation)
    foreign = engine_client.containers.create(image("ends"), name=names.lab("anna"))
    try:
        assert failure(anna, image=image("ends"))["code"] == "name-taken"
        assert foreign.id == engine_client.containers.get(names.lab("anna")).id
    finally:
        foreign.remove(force=True)
    pool = docker.types.IPAMPool(subnet=f"{IPv4Network(free_block()).network_address}/29")
    ipam = docker.types.IPAMConfig(pool_configs=[pool])
    network = engine_client.networks.create(names.network("anna"), driver="bridge", ipam=ipam)
    try:
        assert failure(anna, image=image("ends"))["code"] == "name-taken"
    finally:
        network.remove()


def test_a_volume_of_another_installations(
    place: Yard, engine_client: docker.DockerClient, image: Callable[[str], str]
) -> None:
    dora = place.member("dora")
    name = Names(place.installation).volume("dora", "home")
    volume = engine_client.volumes.create(name, labels={INSTALLATION: "somebody-elses"})
    try:
        told = failure(dora, image=image("ends"))
        assert told["code"] == "name-taken"
        assert "somebody-elses" in told["why"]
    finally:
        volume.remove()


def test_a_home_that_belongs_to_root(place: Yard, engine_client: docker.DockerClient) -> None:
    olga = place.member("olga")
    name = Names(place.installation).volume("olga", "home")
    volume = engine_client.volumes.create(name, labels={INSTALLATION: place.installation})
    mounts = {name: {"bind": "/v", "mode": "rw"}}
    engine_client.containers.run(
        BASE, ["mkdir", "-m", "755", "/v/lab"], user="0", volumes=mounts, remove=True
    )
    try:
        told = failure(olga)
        assert told["code"] == "not-writable"
        assert told["remedy"]
    finally:
        volume.remove()


def test_a_choice_that_was_withdrawn_leads_to_the_form_with_it(place: Yard, anna: Person) -> None:
    """As after a group lost an image: what was chosen earlier is not offered any more."""
    kept = anna.api("PATCH", "users/anna/server", json={"user_options": {"image": "gone/lab:1"}})
    assert kept.status_code == 200, kept.text
    told = failure(anna)
    assert (told["code"], told["again"], told["mends"]) == ("refused", False, "image")
    assert "gone/lab:1" in told["why"]
    card = anna.get("hub/spawn-pending/anna").text
    assert "hub/spawn/anna?opt-image=gone%2Flab%3A1#image" in card


def test_cancel_ends_a_start_and_leaves_nothing(anna: Person, image: Callable[[str], str]) -> None:
    anna.start(image=image("silent"))
    assert story(anna)["state"] == "starting"
    told = cancel(anna)
    assert told["state"] == "failed"
    assert told["outcome"]["code"] == "cancelled"
    assert told["outcome"]["quiet"]


def test_the_hubs_own_way_to_stop_a_start_answers_who_asked_for_it_and_leaves_no_token(
    anna: Person, image: Callable[[str], str]
) -> None:
    url, sent = f"{anna.url}hub/api/users/anna/server", {"Authorization": f"token {anna.token}"}

    def start() -> requests.Response:
        return requests.post(url, headers=sent, json={"image": image("silent")}, timeout=60)

    with ThreadPoolExecutor(1) as other:
        asked = other.submit(start)
        eventually(lambda: story(anna)["state"] == "starting", 20, "it starts")
        assert requests.delete(url, headers=sent, timeout=60).status_code == 204
        assert asked.result().status_code == 409
    assert story(anna)["outcome"]["code"] == "cancelled"
    tokens = anna.api("GET", "users/anna/tokens").json()["api_tokens"]
    assert not [token for token in tokens if token["note"].startswith("Server at")]


def test_a_cancel_while_nothing_starts_changes_nothing(anna: Person) -> None:
    before = story(anna)["state"]
    assert cancel(anna)["state"] == before
    assert anna.get("hub/cancel-start/%0D%0Ax").status_code == 404, (
        "nor does an address of nobody's"
    )


def test_nobody_else_sees_or_ends_a_start(
    place: Yard, anna: Person, image: Callable[[str], str]
) -> None:
    eve = place.member("eve")
    anna.start(image=image("silent"))
    for method in ("GET", "DELETE"):
        answer = eve.api(method, "labyard/users/anna/server/start")
        assert answer.status_code == 404
    assert eve.submit("hub/cancel-start/anna", {}).status_code in (403, 404)
    assert eve.submit("hub/start-again/anna", {}).status_code in (403, 404)
    assert story(anna)["state"] == "starting"
    cancel(anna)


def test_a_page_of_elsewhere_cannot_cancel(anna: Person, image: Callable[[str], str]) -> None:
    anna.start(image=image("silent"))
    anna.get("hub/home")
    answer = anna.http.post(f"{anna.url}hub/cancel-start/anna", timeout=30)
    assert answer.status_code == 403, "without its XSRF token"
    assert story(anna)["state"] == "starting"
    cancel(anna)


def test_the_hubs_metric_and_rest_name_the_cause(
    anna: Person, image: Callable[[str], str], tmp_path: Path
) -> None:
    headers = {"Authorization": f"token {anna.token}"}
    answer = anna.http.post(
        f"{anna.url}services/labyard/api/users/anna/server/start",
        json={"options": {"image": image("ends")}},
        headers=headers,
        timeout=60,
    )
    assert answer.status_code == 502
    assert answer.json()["error"] == "lab-ended"
    assert answer.json()["message"].startswith("The lab ended before it was ready.")
