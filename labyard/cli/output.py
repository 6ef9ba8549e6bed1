"""What the command line says: tables or JSON on standard output, errors on standard error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from labyard.core.errors import LabyardError
from labyard.web.view.words import ago, lasting, utc_now

Row = Mapping[str, Any]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")

_CLOCKS_DIFFER = timedelta(minutes=1)

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def console(*, stderr: bool = False) -> Console:
    """Return a console on the stream as it is now; wide enough for tables when it is a pipe."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        made.width = 200
    return made


def say(text: str = "", style: str = "") -> None:
    """Print one line; what looks like markup in it stays as it is."""
    console().print(Text(text, style), soft_wrap=True)


def complain(error: LabyardError) -> None:
    """Print an error and its remedy on standard error."""
    err = console(stderr=True)
    err.print(Text("✘ ", "bold red") + Text(error.message, "bold"), soft_wrap=True)
    if error.remedy:
        err.print(Text(f"  {error.remedy}"), soft_wrap=True)


def show_json(data: Any) -> None:
    """Print JSON for programs."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def show(rows: Sequence[Row], columns: Mapping[str, str], *, as_json: bool, none: str) -> None:
    """Print rows as JSON, whole, or as a table of ``columns`` (key → heading); ``none`` if empty."""
    if as_json:
        show_json(list(rows))
    elif not rows:
        say(none)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in columns.values():
            table.add_column(heading, no_wrap=True)
        for row in rows:
            table.add_row(*(Text(_cell(row.get(key))) for key in columns))
        console().print(table)


def when(moment: str, now: datetime | None = None) -> str:
    """Return how long ago a time was, as programs write it (UTC where it says nothing), or when it is."""
    then = datetime.fromisoformat(moment)
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    ahead = then - (now or utc_now())
    return f"in {lasting(ahead)}" if ahead > _CLOCKS_DIFFER else ago(-ahead)


def _cell(value: Any) -> str:
    match value:
        case None | False | "":
            return "-"
        case True:
            return "yes"
        case str() if _MOMENT.fullmatch(value):
            return when(value)
        case list():
            return ", ".join(map(str, value)) or "-"
        case _:
            return str(value)


def each(
    names: Sequence[str], act: Callable[[str], str | Mapping[str, Any]], *, as_json: bool
) -> None:
    """Do ``act`` for each name, telling of each, and go on after a failure; exit with 1 if one failed.

    ``act`` returns a sentence, or a mapping with one under ``message``.
    """
    results: list[dict[str, Any]] = []
    for name in dict.fromkeys(names):
        try:
            done = act(name)
            said = {"message": done} if isinstance(done, str) else done
            results.append({"name": name, "ok": True, **said})
            if not as_json:
                say(f"✔ {name}: {said['message']}")
        except LabyardError as error:
            results.append({**error.as_json(), "name": name, "ok": False})
            if not as_json:
                complain(LabyardError(f"{name}: {error.message}", remedy=error.remedy))
    if as_json:
        show_json(results)
    if not all(result["ok"] for result in results):
        raise click.exceptions.Exit(1)
