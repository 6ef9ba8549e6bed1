"""``labyard activity``: who uses how much of the machine."""

from __future__ import annotations

import click

from labyard.cli import output
from labyard.cli.site import client, with_installation
from labyard.core.units import show_bytes
from labyard.wiring import Installation


@click.command()
@output.as_json
@with_installation
def activity(site: Installation, as_json: bool) -> None:
    """Show what all labs use together, and who uses most, now and in the last ten minutes."""
    told = client(site).service("GET", "activity")
    if as_json:
        output.show_json(told)
        return
    cores, memory = told["cores"], told["host_memory"]
    output.say(
        f"{told['running']} running · CPU {told['cpu']:.1f}{f' of {cores} cores' if cores else ''}"
        f" · memory {show_bytes(told['memory'])}{f' of {show_bytes(memory)}' if memory else ''}"
        f" · {show_bytes(told['disk'])} in {told['volumes']} measured volumes"
    )
    rows = [
        {
            **user,
            "cpu": f"{user['cpu']:.2f}",
            "cpu_lately": f"{user['cpu_lately']:.2f}",
            "memory": show_bytes(user["memory"]),
        }
        for user in told["users"]
    ]
    columns = {
        "user": "USER",
        "labs": "LABS",
        "cpu": "CPU NOW",
        "cpu_lately": "CPU LATELY",
        "memory": "MEMORY",
    }
    output.show(rows, columns, as_json=False, none="Nobody computes now.")
