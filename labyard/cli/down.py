"""``labyard down``: the way out. Labs go on unless told otherwise."""

from __future__ import annotations

import asyncio

import click

from labyard import wiring
from labyard.cli import output
from labyard.cli.hub import HubProcess, one_at_a_time
from labyard.cli.ports import somebody_listens
from labyard.cli.progress import Bars
from labyard.cli.site import with_installation
from labyard.engines import firewall, host
from labyard.engines.base import Engine
from labyard.wiring import Installation


@click.command()
@click.option("--labs", is_flag=True, help="Stop the labs as well. Their volumes stay.")
@with_installation
def down(site: Installation, labs: bool) -> None:
    """Stop hub and proxy; labs go on, and are there again after the next `up`."""
    with one_at_a_time(site.paths), Bars() as bars:
        with bars.step("Hub") as bar:
            bar("stopped" if HubProcess(site.paths).stop() else "did not run")
        with bars.step("Proxy") as bar:
            bar("stopped" if wiring.stop_edge(site) else "did not run")
        if labs and site.chosen is not None:
            with bars.step("Labs") as bar:
                bar(f"{asyncio.run(_stop_labs(site))} stopped")
            _close_network(site)
    if not labs:
        output.say("Labs go on. `labyard down --labs` stops them too.")


def _close_network(site: Installation) -> None:
    """Take back what `up` gave this host, unless another installation lives on the same block."""
    address = host.hub_address(site.settings.network.block)
    firewall.remove(site.firewall)
    if not somebody_listens(address):
        host.remove_address(address)


async def _stop_labs(site: Installation) -> int:
    engine: Engine = site.engine()
    try:
        found = await engine.labs()
        async with asyncio.TaskGroup() as tasks:
            for lab in found:
                tasks.create_task(_stop(engine, lab.name, site.settings.labs.stop_grace))
        return len(found)
    finally:
        await engine.close()


async def _stop(engine: Engine, name: str, grace: float) -> None:
    await engine.stop(name, grace)
    await engine.remove(name)
