"""``labyard users link``, ``unlink`` and ``identities``: ways to come in besides a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from labyard.cli import output
from labyard.cli.site import client, with_installation
from labyard.wiring import Installation

_ACCOUNTS = ("labyard", "accounts")


def _identity(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take an identity as the refusal that the person saw names it."""
    for option in (
        click.option("--subject", required=True, help="Whom the issuer means."),
        click.option("--issuer", default="", help="Who vouches: the provider's address."),
        click.option("--way", required=True, help="Key of the way, as in the settings."),
        click.argument("name"),
    ):
        command = option(command)
    return command


@click.command()
@_identity
@with_installation
def link(site: Installation, name: str, way: str, issuer: str, subject: str) -> None:
    """Let an identity come in as NAME, an account that exists."""
    key = {"way": way, "issuer": issuer, "subject": subject}
    client(site).hub("POST", *_ACCOUNTS, name, "identities", body=key)
    output.say(f"{name} comes in by {way} from now on.")


@click.command()
@_identity
@with_installation
def unlink(site: Installation, name: str, way: str, issuer: str, subject: str) -> None:
    """Let an identity come in as NAME no more. Groups and rights that it gave go with it."""
    key = {"way": way, "issuer": issuer, "subject": subject}
    client(site).hub("POST", *_ACCOUNTS, name, "identities", "unlink", body=key)
    output.say(f"{name} comes in by that identity no more.")


@click.command()
@click.argument("name")
@output.as_json
@with_installation
def identities(site: Installation, name: str, as_json: bool) -> None:
    """Show by which ways NAME comes in besides a password."""
    columns = {
        "way": "WAY",
        "issuer": "ISSUER",
        "subject": "SUBJECT",
        "name": "CALLED THERE",
        "told": "LAST SAID",
    }
    found: list[dict[str, Any]] = client(site).hub("GET", *_ACCOUNTS, name, "identities")[
        "identities"
    ]
    output.show(found, columns, as_json=as_json, none="None but a password.")
