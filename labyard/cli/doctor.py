"""``labyard doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.text import Text

from labyard.cli import output
from labyard.cli.examine import examine
from labyard.cli.findings import Finding, State
from labyard.cli.site import with_installation
from labyard.wiring import Installation

_MARKS = {State.OK: ("✔", "green"), State.WARN: ("!", "yellow"), State.FAIL: ("✘", "bold red")}


@click.command()
@output.as_json
@with_installation
def doctor(site: Installation, as_json: bool) -> None:
    """Look for what is wrong and say the remedy. Exits with 1 when something must be mended."""
    findings = asyncio.run(examine(site))
    if as_json:
        output.show_json([asdict(finding) for finding in findings])
    else:
        show(findings)
    if any(finding.state is State.FAIL for finding in findings):
        raise click.exceptions.Exit(1)


def show(findings: Sequence[Finding]) -> None:
    """Print a line for each finding, its remedy below it."""
    console = output.console()
    for finding in findings:
        mark, style = _MARKS[finding.state]
        console.print(
            Text(f"{mark} ", style), Text(f"{finding.about:<16}", "bold"), finding.sentence, sep=""
        )
        if finding.remedy:
            console.print(Text(f"{'':18}→ {finding.remedy}"))
