"""``labyard audit``: who did what."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from labyard.audit.actions import ACTIONS
from labyard.audit.entry import Outcome
from labyard.cli import output
from labyard.cli.site import client, with_installation
from labyard.cli.whole import WholeHelp
from labyard.core.visible import visible
from labyard.wiring import Installation

_Command = TypeVar("_Command", bound=Callable[..., Any])


def filters(command: _Command) -> _Command:
    """Give a command the filters of the audit."""
    for option in reversed(
        (
            click.option("--actor", metavar="NAME", help="Who did it."),
            click.option("--action", type=click.Choice(tuple(ACTIONS)), metavar="ACTION"),
            click.option(
                "--target", metavar="NAME", help="To whom or what; servers as USER/SERVER."
            ),
            click.option("--outcome", type=click.Choice([str(each) for each in Outcome])),
            click.option("--since", metavar="WHEN", help="A day or a moment, like 2026-03-01."),
            click.option("--until", metavar="WHEN", help="A day, which counts, or a moment."),
        )
    ):
        command = option(command)
    return command


@click.group(cls=WholeHelp)
def audit() -> None:
    """See who did what, when, from where, and what came of it."""


@audit.command("list")
@filters
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@output.as_json
@with_installation
def list_(site: Installation, /, as_json: bool, limit: int, **wanted: str | None) -> None:
    """Show what was done, the newest first."""
    taken = io.BytesIO()
    client(site).fetch(taken, "audit", limit=limit, **_given(wanted))
    found = [json.loads(line) for line in taken.getvalue().splitlines()]
    columns = {
        "at": "WHEN",
        "actor": "WHO",
        "address": "FROM",
        "action": "ACTION",
        "target": "TARGET",
        "outcome": "OUTCOME",
    }
    rows = found if as_json else [_row(entry) for entry in found]
    output.show(rows, columns, as_json=as_json, none="Nothing was recorded that fits.")


@audit.command()
@filters
@with_installation
def export(site: Installation, /, **wanted: str | None) -> None:
    """Print it as JSON lines, one entry a line, the newest first."""
    client(site).fetch(sys.stdout.buffer, "audit", **_given(wanted))


def _given(wanted: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if value}


def _row(entry: dict[str, Any]) -> dict[str, str]:
    """Return an entry for a terminal, which names in it must not move about in."""
    actor = entry["actor"] or entry["actor_kind"]
    shown = {**entry, "at": entry["at"][:19] + "Z", "actor": actor}
    return {name: visible(str(value)) for name, value in shown.items()}
