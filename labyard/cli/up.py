"""``labyard up``: from settings to a hub that answers."""

from __future__ import annotations

import asyncio

import click

from labyard import wiring
from labyard.cli import output
from labyard.cli.hub import HubProcess, one_at_a_time
from labyard.cli.progress import Bars
from labyard.cli.site import public_url, with_installation
from labyard.cli.steps import Ground, Step, plan
from labyard.wiring import Installation


@click.command()
@with_installation
def up(site: Installation) -> None:
    """Start proxy and hub, and make first what they need. Does nothing twice."""
    with one_at_a_time(site.paths):
        ground = Ground(site, HubProcess(site.paths))
        runs = ground.hub.pid is not None
        asyncio.run(_walk(ground, plan(hub_runs=runs)))
    _greet(ground, started=not runs)


async def _walk(ground: Ground, steps: tuple[Step, ...]) -> None:
    with ground.undo as undo, Bars() as bars:
        for step in steps:
            with bars.step(step.title) as bar:
                await step.act(ground, bar)
        undo.pop_all()


def _greet(ground: Ground, *, started: bool) -> None:
    """Say where it is and who may come in first."""
    site = ground.site.settings
    for warning in (*ground.site.loaded.warnings, *ground.warnings):
        output.say(f"! {warning}", "yellow")
    output.say()
    output.say(f"{site.site.name} {'is up' if started else 'runs already'}.", "bold")
    output.say(f"  Address           {public_url(site)}")
    output.say(f"  Admin             {site.auth.admin}")
    if secret := wiring.bootstrap_secret(ground.site):
        output.say(f"  Bootstrap secret  {secret}")
        output.say(f"  Give it once at   {public_url(site)}hub/bootstrap")
