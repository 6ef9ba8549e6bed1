"""Whom a lab reaches, tried from inside one. The tests share three labs, which none of them changes."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from labyard.core.models import Lab
from labyard.engines import firewall
from labyard.engines.firewall import Firewall, Status
from labyard.engines.host import ensure_address, hub_address, remove_address
from tests.contract.engine.places import Place, ask, free_port, running
from tests.contract.engine.places import place as new_place

HUB, SERVICE, CONTROL = free_port(), free_port(), free_port()


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest,
    services: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """One installation for all tests here."""
    kind = request.param
    here = asyncio.run(new_place(kind, services[kind], tmp_path_factory.mktemp("place")))
    yield here
    asyncio.run(here.leave())


@pytest.fixture(scope="module")
def labs(place: Place) -> tuple[Lab, Lab, Lab]:
    """Two labs of alice, one of bob."""
    return asyncio.run(_three_labs(place))


async def _three_labs(place: Place) -> tuple[Lab, Lab, Lab]:
    engine = place.engine()
    mine = await running(engine, place.plan("alice"))
    also_mine = await running(engine, place.plan("alice", "two"))
    bobs = await running(engine, place.plan("bob"))
    for lab in (mine, also_mine, bobs):
        await ask(lab, "environ")
    await place.close()
    return mine, also_mine, bobs


@contextmanager
def _listening(address: str, port: int) -> Iterator[None]:
    """Listen as a service of this host would; the kernel takes the connections."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(64)
        yield


@pytest.fixture
def guarded(containers: Place) -> Iterator[Firewall]:
    """The firewall of the place's installation, and services on this host."""
    if os.geteuid() != 0:
        pytest.fail("the isolation of labs is set up and tested as root")
    address = hub_address(containers.block)
    rules = Firewall(containers.names.installation, containers.block, address, HUB)
    assert ensure_address(address)
    with ExitStack() as stack:
        stack.callback(remove_address, address)
        stack.callback(firewall.remove, rules)
        stack.enter_context(_listening(str(address), HUB))
        stack.enter_context(_listening("0.0.0.0", SERVICE))  # as a database might
        stack.enter_context(_listening("127.0.0.1", CONTROL))
        assert firewall.apply(rules) is Status.APPLIED
        yield rules


def _gateway(lab: Lab) -> str:
    address = IPv4Address(lab.host or "")
    return str(IPv4Network(f"{address}/28", strict=False).network_address + 1)


def _uplink() -> str:
    """Return this host's address towards other hosts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.200", 9))
        return str(probe.getsockname()[0])


async def test_a_lab_reaches_the_hub_and_its_owners_labs_and_nothing_else_here(
    guarded: Firewall, labs: tuple[Lab, Lab, Lab]
) -> None:
    mine, also_mine, bobs = labs

    async def reaches(host: str | None, port: int) -> bool:
        return bool(await ask(mine, "connect", host=host, port=port) == "open")

    hub = str(guarded.hub_address)
    assert await reaches(hub, HUB)
    assert await reaches(also_mine.host, 8888)

    assert not await reaches(bobs.host, 8888), "another person's lab"
    for here in (hub, _gateway(mine), _gateway(bobs), _uplink(), "172.17.0.1"):
        assert not await reaches(here, SERVICE), f"a service of the host at {here}"
    assert not await reaches(hub, CONTROL)
    assert not await reaches(_gateway(mine), HUB), "the hub's port at another address"
    assert not await reaches("169.254.169.254", 80), "the metadata address"


async def test_the_host_reaches_labs_and_its_own_services(
    guarded: Firewall, labs: tuple[Lab, Lab, Lab]
) -> None:
    """The edge connects to labs; the hub and the edge to the hub's address."""
    for lab in labs:
        assert (await ask(lab, "environ"))["PLAIN"] == "seen"
    for port in (HUB, SERVICE):
        _, writer = await asyncio.open_connection(str(guarded.hub_address), port)
        writer.close()


async def test_without_the_rules_the_host_would_be_open(
    guarded: Firewall, labs: tuple[Lab, Lab, Lab]
) -> None:
    """What the rules keep out is really there: the test above cannot pass by accident."""
    firewall.remove(guarded)
    assert firewall.check(guarded) is Status.MISSING
    assert await ask(labs[0], "connect", host=_gateway(labs[0]), port=SERVICE) == "open"


async def test_other_hosts_are_reached_as_settings_allow(
    guarded: Firewall, labs: tuple[Lab, Lab, Lab]
) -> None:
    """Another host: an address behind a bridge of this one that routes to a namespace."""
    with _other_host(guarded) as (address, metadata):
        assert await ask(labs[0], "connect", host=address, port=SERVICE) == "open"
        closed = replace(guarded, internet=False)
        assert firewall.apply(closed) is Status.APPLIED
        assert await ask(labs[0], "connect", host=address, port=SERVICE) != "open"
        assert await ask(labs[0], "connect", host=str(guarded.hub_address), port=HUB) == "open"
        # A metadata address is refused though a route leads there.
        assert firewall.apply(guarded) is Status.APPLIED
        assert await ask(labs[0], "connect", host=address, port=SERVICE) == "open"
        assert await ask(labs[0], "connect", host=metadata, port=SERVICE) != "open"


@contextmanager
def _other_host(guarded: Firewall) -> Iterator[tuple[str, str]]:
    """Another machine, as a network namespace that answers at a site's and a metadata address."""
    name = guarded.installation
    end, far_end = f"v{name[-8:]}", f"w{name[-8:]}"
    second, third = guarded.block.network_address.packed[1:3]
    here, there = (f"10.184.{third + second % 16}.{host}" for host in (1, 2))
    metadata = f"169.254.{second}.{third}"

    def ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True)

    ip("netns", "add", name)
    try:
        ip("link", "add", end, "type", "veth", "peer", "name", far_end, "netns", name)
        ip("address", "add", f"{here}/24", "dev", end)
        ip("link", "set", end, "up")
        for command in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{there}/24", "dev", far_end),
            ("address", "add", f"{metadata}/32", "dev", "lo"),
            ("link", "set", far_end, "up"),
            ("route", "add", "default", "via", here),
        ):
            ip("-n", name, *command)
        ip("route", "add", f"{metadata}/32", "via", there)
        server = subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, "-m", "http.server", str(SERVICE)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/tmp",
        )
        try:
            _wait_until_open(there)
            yield there, metadata
        finally:
            server.kill()
            server.wait()
    finally:
        subprocess.run(["ip", "route", "del", f"{metadata}/32"], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", name], check=False)
        subprocess.run(["ip", "link", "del", end], check=False, capture_output=True)


def _wait_until_open(host: str) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex((host, SERVICE)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the other host never listened")


async def test_one_installations_labs_do_not_reach_anothers(
    containers: Place, guarded: Firewall, labs: tuple[Lab, Lab, Lab]
) -> None:
    other = containers.another_installation()
    block = IPv4Network((int(containers.block.network_address) ^ (1 << 12), 20))
    other = replace(other, block=block)
    engine = other.engine()
    theirs = await running(engine, other.plan("alice"))
    try:
        await ask(theirs, "environ")
        assert await ask(theirs, "connect", host=labs[0].host, port=8888) != "open"
    finally:
        await other.leave()


async def test_rules_are_put_in_once_however_often(guarded: Firewall) -> None:
    def mine() -> list[str]:
        saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True)
        return [line for line in saved.stdout.splitlines() if guarded.installation in line]

    before = mine()
    for _ in range(3):
        assert firewall.apply(guarded) is Status.APPLIED
    assert mine() == before
    firewall.remove(guarded)
    assert mine() == []
