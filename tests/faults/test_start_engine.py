"""Starts on an engine, or with addresses, memory or a disk, that are not there: said at once, in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from pathlib import Path

import docker
import pytest
from aiodocker import Docker

from labyard.core import causes
from labyard.core.errors import EngineError
from labyard.core.names import INSTALLATION, Names
from labyard.engines.docker.engine import DockerEngine
from tests.contract.engine.places import podman
from tests.tools.faulty_socket import FaultySocket, Mode
from tests.tools.person import Person, eventually
from tests.tools.places import free_block
from tests.tools.registry import SlowLine, layer, registry
from tests.tools.starts import failure, story
from tests.tools.yard import Yard

TIMEOUT = 15  # seconds


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultySocket]:
    with FaultySocket(tmp_path_factory.mktemp("engine") / "docker.sock") as socket:
        yield socket


@pytest.fixture(scope="module")
def far_image(
    engine_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An image that takes minutes to come."""
    api = engine_client.api
    with registry(tmp_path_factory.mktemp("far")) as address:
        api.import_image_from_data(layer(4 * 2**20), repository=f"{address}/far", tag="1")
        api.push(f"{address}/far", tag="1")
        api.remove_image(f"{address}/far:1")
        line = SlowLine(address, rate=20_000)
        yield f"{line.address}/far:1"
        line.close()


@pytest.fixture(scope="module")
def place(make_yard: Callable[..., Yard], faulty: FaultySocket, far_image: str) -> Iterator[Yard]:
    """A yard behind the faulty socket, with two addresses' room: for one person's labs."""
    block = IPv4Network(free_block())
    small = next(block.subnets(new_prefix=28))
    yard = make_yard(
        engine={"kind": "docker", "socket": faulty.url, "timeout": f"{TIMEOUT}s"},
        network={"block": str(small), "prefix": 29},
        labs={"images": [far_image], "pull_timeout": "5s"},
    )
    yard.up()
    yard.bootstrap()
    yield yard
    yard.down(labs=True)


@pytest.fixture(scope="module")
def anna(place: Yard) -> Person:
    return place.member("anna")


def test_an_engine_that_is_away_is_told_at_once(anna: Person, faulty: FaultySocket) -> None:
    faulty.refuse()
    try:
        told = failure(anna)
    finally:
        faulty.listen()
    assert told["code"] == "engine-unreachable"
    assert story(anna)["steps"][-1]["elapsed"] < TIMEOUT, "not after the time of a silent one"


def test_an_engine_that_is_silent_is_told_while_it_is_waited_for(
    anna: Person, faulty: FaultySocket
) -> None:
    with faulty.fault("GET .*/volumes", Mode.DELAY, seconds=60):
        anna.start()
        eventually(
            lambda: (
                "has not answered yet" in (story(anna)["steps"] or [{"detail": ""}])[-1]["detail"]
            ),
            TIMEOUT,
            "the page says that the engine is silent",
        )
        eventually(lambda: story(anna)["state"] == "failed", 3 * TIMEOUT, "the start is over")
    assert story(anna)["outcome"]["code"] == "engine-unreachable"


def test_an_engine_that_goes_away_in_the_middle_is_cleared_later(
    place: Yard, anna: Person, faulty: FaultySocket, engine_client: docker.DockerClient
) -> None:
    label = {"label": f"{INSTALLATION}={place.installation}"}
    with faulty.fault("POST .*/start", Mode.DELAY, seconds=60) as held:
        anna.start()
        held.wait_met()
        faulty.refuse()
        eventually(lambda: story(anna)["state"] == "failed", 20, "it is told")
    assert story(anna)["outcome"]["code"] == "engine-unreachable"
    faulty.listen()
    eventually(
        lambda: not engine_client.containers.list(all=True, ignore_removed=True, filters=label),
        20,
        "it is cleared away",
    )


def test_an_image_that_takes_too_long_to_come(place: Yard, far_image: str) -> None:
    told = failure(place.member("ben"), image=far_image)
    assert told["code"] == "pull-timeout"
    assert "5 s" in told["why"]


def test_no_address_is_left(place: Yard, anna: Person, engine_client: docker.DockerClient) -> None:
    """Other networks have the whole block but for nothing: as after the last person who fits."""
    block = IPv4Network(place.settings["network"]["block"])
    networks = []
    for at, subnet in enumerate(block.subnets(new_prefix=29)):
        pool = docker.types.IPAMPool(subnet=str(subnet))
        networks.append(
            engine_client.networks.create(
                f"{place.installation}-elses-{at}",
                driver="bridge",
                labels={INSTALLATION: f"{place.installation}-elses"},
                ipam=docker.types.IPAMConfig(pool_configs=[pool]),
            )
        )
    try:
        told = failure(anna)
    finally:
        for network in networks:
            network.remove()
    assert told["code"] == "no-address"
    assert str(block) in told["why"]


def test_a_host_that_is_short_of_memory(place: Yard, anna: Person) -> None:
    place.down()
    place.up(LABYARD_LABS__HOST_RESERVE="900T")
    try:
        told = failure(anna)
    finally:
        place.down()
        place.up()
    assert told["code"] == "host-memory"
    assert "900 TB" in told["why"]


def test_a_hub_that_is_killed_while_a_lab_starts_leaves_nothing(
    place: Yard, anna: Person, faulty: FaultySocket, engine_client: docker.DockerClient
) -> None:
    label = {"label": f"{INSTALLATION}={place.installation}"}
    with faulty.fault("POST .*/containers/.*/start", Mode.DELAY, seconds=60) as held:
        anna.start()
        held.wait_met()
        assert engine_client.containers.list(all=True, ignore_removed=True, filters=label)
        os.kill(place.pid("hub"), 9)
    place.up()
    eventually(lambda: story(anna)["state"] == "failed", 30, "the hub knows that it is over")
    eventually(
        lambda: not engine_client.containers.list(all=True, ignore_removed=True, filters=label),
        30,
        "nothing is left",
    )
    assert story(anna)["outcome"]["code"] == causes.INTERRUPTED.code


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    """A registry."""
    with registry(tmp_path / "registry") as address:
        yield address


@pytest.fixture
def full_disk(shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Podman whose store is on a disk of a few megabytes; it wants a short path."""
    trusted = tmp_path / "registries.conf"
    trusted.write_text(f'[[registry]]\nlocation = "{shop}"\ninsecure = true\n')
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(trusted))
    run = Path(tempfile.mkdtemp(prefix="full"))
    root = run / "store"
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(root)], check=True)
    try:
        with podman(run, root) as url:
            yield url
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)
        shutil.rmtree(run, ignore_errors=True)


async def test_a_disk_of_the_engines_that_is_full(full_disk: str, shop: str) -> None:
    name = f"{shop}/large"
    async with Docker() as d:
        source = {"fromSrc": "-", "repo": name}
        await d._query_json("images/create", "POST", params=source, data=layer(12 * 2**20))
        await d.images.push(name, tag="latest", auth={"username": "", "password": ""})
        await d.images.delete(name)
    engine = DockerEngine(full_disk, Names("tfull"))
    with pytest.raises(EngineError) as failed:
        _ = [progress async for progress in engine.pull(f"{name}:latest")]
    await engine.close()
    assert failed.value.code == "disk-full"
