"""A user's network: its subnet, its addresses, its end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from labyard.core.errors import EngineError
from labyard.engines.host import hub_address
from tests.contract.engine.places import Place, ask, running


async def _subnet(place: Place, user: str) -> IPv4Network:
    async with place.client() as d:
        found = await d._query_json(f"networks/{place.names.network(user)}")
    return IPv4Network(found["IPAM"]["Config"][0]["Subnet"])


async def test_users_who_come_at_once_get_different_subnets(containers: Place) -> None:
    engine = containers.engine()
    users = [f"user{n}" for n in range(5)]
    await asyncio.gather(*(engine.create(containers.plan(user)) for user in users))
    found = [await _subnet(containers, user) for user in users]
    assert len(set(found)) == len(users)
    assert not [1 for a in found for b in found if a != b and a.overlaps(b)]
    assert all(s.subnet_of(containers.block) and s.prefixlen == 28 for s in found)


async def test_two_hubs_that_come_at_once_get_different_subnets(containers: Place) -> None:
    """Their memories are apart; only the engine knows."""
    engines = [containers.engine() for _ in range(3)]
    users = [f"user{n}" for n in range(3)]
    await asyncio.gather(
        *(e.create(containers.plan(u)) for e, u in zip(engines, users, strict=True))
    )
    assert len({await _subnet(containers, user) for user in users}) == 3


async def test_a_freed_subnet_is_used_again_and_the_last_one_never(containers: Place) -> None:
    engine = containers.engine()
    block = next(iter(containers.block.subnets(new_prefix=26)))  # three of /28 and the hub's

    def plan(user: str):  # type: ignore[no-untyped-def]
        made = containers.plan(user)
        assert made.network is not None
        return replace(made, network=replace(made.network, block=block))

    for user in ("a", "b", "c"):
        await engine.create(plan(user))
    assert hub_address(block) not in [await _subnet(containers, u) for u in "abc"]
    with pytest.raises(EngineError, match="No subnet of /28 is free"):
        await engine.create(plan("d"))
    freed = await _subnet(containers, "b")
    await engine.remove(plan("b").name)
    await engine.create(plan("d"))
    assert await _subnet(containers, "d") == freed


async def test_a_foreign_network_in_the_block_is_avoided(containers: Place) -> None:
    first = next(iter(containers.block.subnets(new_prefix=24)))
    async with containers.client() as d:
        body = {"Name": containers.names.installation, "IPAM": {"Config": [{"Subnet": str(first)}]}}
        foreign = await d.networks.create(body)
        try:
            await containers.engine().create(containers.plan())
            assert not (await _subnet(containers, "alice")).overlaps(first)
        finally:
            await foreign.delete()


async def test_the_network_goes_with_its_last_lab(containers: Place) -> None:
    engine = containers.engine()
    one, two = containers.plan(), containers.plan(server="two")
    await engine.create(one)
    await engine.create(two)
    await engine.remove(one.name)
    assert (await containers.objects())["networks"] == [containers.names.network("alice")]
    await engine.remove(two.name)
    assert (await containers.objects())["networks"] == []


async def test_a_network_with_a_foreign_container_stays(containers: Place) -> None:
    engine, plan = containers.engine(), containers.plan()
    await engine.create(plan)
    async with containers.client() as d:
        network = containers.names.network("alice")
        body = {
            "Image": plan.image,
            "Cmd": ["sleep", "60"],
            "NetworkingConfig": {"EndpointsConfig": {network: {}}},
            "HostConfig": {
                "NetworkMode": network,
                "Ulimits": [
                    {"Name": "nofile", "Soft": 1024, "Hard": 1024},
                    {"Name": "nproc", "Soft": 1024, "Hard": 1024},
                ],
            },
        }
        foreign = await d.containers.create(body)
        try:
            await foreign.start()
            await engine.remove(plan.name)
            assert (await containers.objects())["networks"] == [network]
        finally:
            await foreign.delete(force=True)


async def test_labs_of_one_user_have_addresses_of_their_own_that_stay(containers: Place) -> None:
    engine = containers.engine()
    plans = [containers.plan(server=server) for server in ("", "one", "two")]
    await asyncio.gather(*(engine.create(plan) for plan in plans))
    labs = [await engine.start(plan.name) for plan in plans]
    subnet = await _subnet(containers, "alice")
    addresses = [IPv4Address(lab.host or "") for lab in labs]
    assert len(set(addresses)) == 3
    assert all(a in subnet and a != subnet.network_address + 1 for a in addresses)
    await engine.stop(plans[0].name, 0)  # while it is away, its address is not given to another
    late = await running(engine, containers.plan(server="late"))
    assert late.host not in map(str, addresses)
    assert (await engine.start(plans[0].name)).host == str(addresses[0])


async def test_a_full_network_says_so(containers: Place) -> None:
    engine = containers.engine()
    for server in ("", "a", "b", "c", "d"):
        await engine.create(containers.plan(server=server, prefix=29))
    with pytest.raises(EngineError, match="no free address"):
        await engine.create(containers.plan(server="e", prefix=29))
    assert len(await engine.labs()) == 5


async def test_labs_have_no_ipv6(containers: Place) -> None:
    lab = await running(containers.engine(), containers.plan())
    script = "cat /proc/net/if_inet6 2>/dev/null || true"
    assert (await ask(lab, "run", command=["sh", "-c", script]))["output"] == ""
