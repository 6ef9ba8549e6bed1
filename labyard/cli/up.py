"""``labyard up``: from settings to a hub that answers."""

from __future__ import annotations

import asyncio

import click

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
        steps = plan(hub_runs=ground.hub.pid is not None)
        asyncio.run(_walk(ground, steps))
    _greet(ground, started=bool(steps))


async def _walk(ground: Ground, steps: tuple[Step, ...]) -> None:
    with ground.undo as undo, Bars() as bars:
        for step in steps:
            with bars.step(step.title) as bar:
                await step.act(ground, bar)
        undo.pop_all()


def _greet(ground: Ground, *, started: bool) -> None:
    """Say where it is and who may come in first."""
    settings = ground.site.settings
    output.say()
    output.say(f"{settings.site.name} {'is up' if started else 'runs already'}.", "bold")
    output.say(f"  Address    {public_url(settings)}")
    output.say(f"  Admin      {settings.auth.admin}")
