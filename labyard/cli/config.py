"""``labyard config``: check the settings, show them with where each comes from, make their docs."""

from __future__ import annotations

from pathlib import Path

import click

from labyard.cli import output
from labyard.cli.whole import WholeHelp
from labyard.core.errors import LabyardError
from labyard.options import reference
from labyard.settings import render
from labyard.settings.load import Loaded, load
from labyard.settings.told import told

# What is made from a declaration, by path in the source tree.
FILES = {**render.files(), **reference.files()}
_ROOT = Path(__file__).parents[2]


@click.group(cls=WholeHelp)
def config() -> None:
    """Check and show the settings, and make the pages about them."""


@config.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Tell everything that is wrong with the settings.

    Exit codes: 0 they can be used, 2 they cannot.
    """
    loaded = _load(ctx)
    for warning in loaded.warnings:
        output.say(f"! {warning}", "yellow")
    if loaded.path.exists():
        output.say(f"✔ {loaded.path} is good.")
    else:
        output.say(
            f"✔ There is no {loaded.path}: what the environment does not set has its default."
        )


@config.command()
@output.as_json
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> None:
    """Show every setting's value and where it comes from. Secrets are not shown."""
    found = told(_load(ctx))
    if as_json:
        output.show_json({one.path: {"value": one.value, "source": one.source} for one in found})
        return
    rows = [{"setting": one.path, "value": one.text, "source": one.source} for one in found]
    columns = {"setting": "Setting", "value": "Value", "source": "From"}
    output.show(rows, columns, as_json=False, none="")


@config.command()
@click.option("--check", is_flag=True, help="Write nothing; fail where a file is stale.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=_ROOT,
    help="Source tree to write into.  [default: this one]",
)
def docs(check: bool, into: Path) -> None:
    """Make the reference page, the example file, the JSON schema and .env.example."""
    stale = [path for path, text in FILES.items() if _text(into / path) != text]
    if check and stale:
        raise LabyardError(
            f"Stale: {', '.join(stale)}.", remedy="`labyard config docs` makes them anew."
        )
    for path in stale:
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        (into / path).write_text(FILES[path])
        output.say(f"✔ {path}")


def _load(ctx: click.Context) -> Loaded:
    chosen = ctx.find_root().obj
    return load(Path(chosen) if chosen else None)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
