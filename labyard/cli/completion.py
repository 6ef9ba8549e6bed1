"""``labyard completion``: the shell's Tab key."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that completes verbs and options.

    For bash: labyard completion bash > /etc/bash_completion.d/labyard
    """
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 - the choice above
    root = ctx.find_root().command
    click.echo(made(root, {}, "labyard", "_LABYARD_COMPLETE").source())
