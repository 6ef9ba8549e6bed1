"""The options of a server on the command line, made from their declaration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from labyard.options.declaration import FIELDS, LABELS, help_for, shown


def choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command one option for each field; what is not given is None or empty."""
    for field in reversed(FIELDS):
        command = _option(field)(command)
    return command


def chosen(given: dict[str, Any]) -> dict[str, Any] | None:
    """Return what was chosen, as REST takes it; None when nothing was."""
    wanted = {field: given[field] for field in FIELDS if given[field] not in (None, ())}
    if "environment" in wanted:
        wanted["environment"] = "\n".join(wanted["environment"])
    return wanted or None


def _option(field: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    drawn, help = shown(field), f"{LABELS[field]}. {help_for(field)}"
    if drawn.control == "yes-no":
        return click.option(f"--{field}/--no-{field}", default=None, help=help)
    if drawn.control == "lines":
        return click.option(
            f"--{field}", "-e", multiple=True, metavar="NAME=VALUE", help="Variable; once for each."
        )
    return click.option(f"--{field}", metavar="VALUE", help=f"{help} Example: {drawn.example}")
