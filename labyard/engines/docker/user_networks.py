"""The users' networks on an engine: made when a first lab needs one, gone with the last."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network, ip_interface
from pathlib import Path

from labyard.core import causes
from labyard.core.errors import EngineError, EngineUnreachable, NotFound
from labyard.core.models import NetworkPlan
from labyard.core.names import INSTALLATION
from labyard.engines.docker import read, spec
from labyard.engines.docker.connect import Connection, Making, NetworkHandle
from labyard.engines.docker.failures import NameTaken, SubnetTaken
from labyard.engines.docker.networks import free_address, free_subnet, routes, subnets

_ROUTES = Path("/proc/net/route")
_TRIES = 64  # subnets that something we cannot see holds


class UserNetworks:
    """Makes, fills and removes users' networks. One lock for each, so that users never wait."""

    def __init__(self, connection: Connection, installation: str) -> None:
        self._connection = connection
        self._label = f"{INSTALLATION}={installation}"
        self._installation = installation
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._reserved: set[IPv4Network] = set()

    @asynccontextmanager
    async def seat(self, plan: NetworkPlan, making: Making) -> AsyncIterator[IPv4Address]:
        """Hold a free address in ``plan``'s network, which is made if need be.

        Nobody else gets the address, and the network stays, until the block ends.
        """
        async with self._locks[plan.name]:
            network = await self._find(plan.name) or await self._make(plan, making)
            labs = [a for a in await self.containers() if plan.name in read.networks(a)]
            subnet = next(iter(subnets([network])), None)
            taken = {a for a, _ in map(read.address, labs) if a} | _endpoints(network)
            address = free_address(subnet, taken) if subnet else None
            if address is None:
                raise EngineError(
                    f"The network {plan.name} has no free address for another server.",
                    remedy="Stop a server, or set a smaller network.prefix (larger subnets).",
                    cause=causes.NO_ADDRESS,
                )
            yield address

    async def release(self, name: str) -> None:
        """Remove the network called ``name`` if it is ours and no lab of ours is in it."""
        async with self._locks[name]:
            if any(name in read.networks(answer) for answer in await self.containers()):
                return
            try:
                network = await self._find(name)
                if network is not None and not network.get("Containers"):
                    await self._connection.call(
                        "removing a network", lambda d: NetworkHandle(d, network["Id"]).delete()
                    )
            except EngineUnreachable:
                raise
            except (EngineError, NotFound):
                return  # gone already, somebody else's, or a container of somebody else is in it

    async def containers(self) -> Sequence[read.Answer]:
        """Return the rows of every container of this installation, running or not."""
        filters = {"label": [self._label]}
        rows = await self._connection.call(
            "listing labs",
            lambda d: d._query_json("containers/json", params={"all": True, "filters": filters}),
        )
        return [r for r in rows if read.labels(r).get(INSTALLATION) == self._installation]

    async def _find(self, name: str) -> read.Answer | None:
        try:
            network: read.Answer = await self._connection.call(
                "looking up a network", lambda d: NetworkHandle(d, name).show()
            )
        except NotFound:
            return None
        if network["Name"] != name:  # engines take the beginning of an id for a name
            return None
        if read.labels(network).get(INSTALLATION) != self._installation:
            raise NameTaken(
                f"The network {name} exists and is not this installation's.",
                remedy="Remove it, or give this installation another name.",
            )
        return network

    async def _make(self, plan: NetworkPlan, making: Making) -> read.Answer:
        """Make the network in the lowest free subnet, going on where an engine knows better."""
        refused: set[IPv4Network] = set()
        for _ in range(_TRIES):
            known = await self._connection.call("listing networks", lambda d: d.networks.list())
            used = [*subnets(known), *routes(_routes()), *refused, *self._reserved]
            subnet = free_subnet(plan.block, plan.prefix, used)
            if subnet is None:
                break
            self._reserved.add(subnet)
            try:
                await self._create(spec.network(plan, subnet), making)
            except SubnetTaken:
                refused.add(subnet)
            else:
                # Podman's answer to a creation says less than its answer to a look.
                if (network := await self._find(plan.name)) is not None:
                    return network
            finally:
                self._reserved.discard(subnet)
        raise EngineError(
            f"No subnet of /{plan.prefix} is free in {plan.block}.",
            remedy="Stop servers that nobody needs. Your administrator can set a larger network.block, "
            "or one that no route of this host covers.",
            cause=causes.NO_ADDRESS,
        )

    async def _create(self, body: spec.Body, making: Making) -> None:
        await self._connection.call(
            "making a network", lambda d: d.networks.create(body), making=making
        )


def _endpoints(network: read.Answer) -> set[IPv4Address]:
    """Return the addresses of what runs in a network, ours or not."""
    ends = (network.get("Containers") or {}).values()
    found = {ip_interface(e["IPv4Address"]).ip for e in ends if e.get("IPv4Address")}
    return {address for address in found if isinstance(address, IPv4Address)}


def _routes() -> str:
    return _ROUTES.read_text() if _ROUTES.exists() else ""
