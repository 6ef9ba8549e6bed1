"""The ``labyard`` command: one file a verb, read only when that verb is used."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from labyard import __version__
from labyard.cli import output
from labyard.cli.whole import WholeHelp
from labyard.core.errors import LabyardError, SettingsError

# Verb → the module whose attribute of that name is its command, in the order that help shows.
VERBS = {
    verb: f"labyard.cli.{verb}"
    for verb in (
        *("up", "down", "status", "doctor"),
        *("users", "groups", "policy", "servers", "activity", "volumes", "audit"),
        *("config", "image", "completion"),
    )
}

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"

FAILED = 1
UNUSABLE = 2


class Verbs(WholeHelp):
    """A group that reads a verb's file when it is needed, and speaks of errors as people do."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of their use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a verb."""
        if cmd_name not in VERBS:
            return None
        command = getattr(import_module(VERBS[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; exit with 1 when it failed, with 2 when the settings cannot be used."""
        try:
            return super().invoke(ctx)
        except LabyardError as error:
            output.complain(error)
            ctx.exit(UNUSABLE if isinstance(error, SettingsError) else FAILED)


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--settings",
    "-f",
    metavar="FILE",
    envvar="LABYARD_CONFIG",
    type=click.Path(dir_okay=False),
    help="Settings file.  [default: labyard.yaml in this directory]",
)
@click.version_option(__version__, prog_name="labyard")
@click.pass_context
def cli(ctx: click.Context, settings: str | None) -> None:
    """A JupyterLab in a container for every person of a team.

    Exit codes: 0 done, 1 failed, 2 wrong usage or settings.
    """
    ctx.obj = settings


def main() -> None:
    """Run the command line."""
    # Debian keeps haproxy, iptables and dockerd where an ordinary account does not look.
    os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}:{_SBIN}"
    cli(prog_name="labyard")


if __name__ == "__main__":
    main()
