"""Help that says each command's first sentence whole, where click would cut it off."""

from __future__ import annotations

import click

_WHOLE = 1000  # characters: more than any first sentence


class WholeHelp(click.Group):
    """A group whose list of commands breaks lines instead of sentences."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(_WHOLE))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
