"""Writes ``docs/reference/cli.md`` from the commands themselves: ``python -m labyard.cli.reference``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from labyard.cli.main import cli

_INTRO = """\
# The command line

Made from the commands by `make docs`; a test fails when it is stale.

Settings are read from `labyard.yaml` in the current directory, from the file that `--settings` names,
or from the one in the environment variable `LABYARD_CONFIG`.
"""


def render() -> str:
    """Return the whole page."""
    return _INTRO + "".join(_sections(cli, "labyard", None)) + "\n"


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=100, **command.context_settings
    )
    level = 2 if parent is None or parent.parent is None else 3
    help_text = command.get_help(context).strip()
    yield f"\n{'#' * level} {context.command_path}\n\n```\n{help_text}\n```\n"
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            child = command.get_command(context, verb)
            if child is not None and not child.hidden:
                yield from _sections(child, verb, context)


if __name__ == "__main__":
    click.echo(render(), nl=False)
