"""The options of a server on the command line come from their declaration."""

import click
from click.testing import CliRunner

from labyard.cli.choosing import choosing, chosen
from labyard.options.declaration import FIELDS


@click.command()
@choosing
def start(**given: object) -> None:
    click.echo(repr(chosen(given)))


def run(*arguments: str) -> object:
    return eval(CliRunner().invoke(start, arguments).output)


def test_every_field_has_an_option() -> None:
    help_text = CliRunner().invoke(start, ["--help"]).output
    for field in FIELDS:
        assert f"--{field}" in help_text


def test_what_is_given_is_what_rest_takes() -> None:
    assert run() is None
    assert run("--cpu", "0.5", "--no-mount", "-e", "A=1", "-e", "B=x=y") == {
        "cpu": "0.5",
        "mount": False,
        "environment": "A=1\nB=x=y",
    }
    assert run("--mount") == {"mount": True}
