"""``labyard status``: what runs."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from labyard import wiring
from labyard.cli import output
from labyard.cli.hub import HubProcess, healthy
from labyard.cli.site import local_url, public_url, with_installation
from labyard.core.errors import LabyardError
from labyard.core.models import LabStatus
from labyard.wiring import Installation


@click.command()
@output.as_json
@with_installation
def status(site: Installation, as_json: bool) -> None:
    """Show what runs. Exits with 1 unless people can come in."""
    state = asyncio.run(observe(site))
    if as_json:
        output.show_json(state)
    else:
        for key, value in state.items():
            if value is not None:
                output.say(f"{key.replace('_', ' ').capitalize():<14}{value}")
    if state["hub"] != "answers":
        raise click.exceptions.Exit(1)


async def observe(site: Installation) -> dict[str, Any]:
    """Return each part's state in a word or a number; None for what cannot be known."""
    pid = HubProcess(site.paths).pid
    well = await asyncio.to_thread(healthy, local_url(site.settings))
    return {
        "installation": site.settings.installation,
        "address": public_url(site.settings),
        "hub": "answers" if well else "does not answer" if pid else "stopped",
        "hub_pid": pid,
        "proxy": "runs" if wiring.edge_running(site) else "stopped",
        **await _engine(site),
    }


async def _engine(site: Installation) -> dict[str, Any]:
    if site.chosen is None:
        return {"engine": "not chosen yet", "labs": None}
    engine = site.engine()
    try:
        info = await engine.info()
        labs = [lab for lab in await engine.labs() if lab.status is LabStatus.RUNNING]
        return {"engine": f"{info.kind} {info.version}", "labs": len(labs)}
    except LabyardError as error:
        return {"engine": error.message, "labs": None}
    finally:
        await engine.close()
