"""``labyard volumes``: what of people's labs outlives them."""

from __future__ import annotations

from typing import Any

import click

from labyard.cli import output
from labyard.cli.client import Client
from labyard.cli.exact import exactly
from labyard.cli.site import client, with_installation
from labyard.cli.whole import WholeHelp
from labyard.wiring import Installation


@click.group(cls=WholeHelp)
def volumes() -> None:
    """List volumes, and empty chosen ones of people whose servers are stopped."""


@volumes.command("list")
@click.argument("users", nargs=-1, metavar="[USER]...")
@output.as_json
@with_installation
def list_(site: Installation, users: tuple[str, ...], as_json: bool) -> None:
    """Show the volumes of everybody, or of the users named."""
    hub = client(site)
    known = _users(hub)
    rows = [
        {"user": user, **volume}
        for user in (exactly(users, known, "user") or known)
        for volume in _volumes(hub, user)
        if volume["exists"]
    ]
    columns = {"user": "USER", "name": "VOLUME", "source": "ON THE ENGINE", "description": "HOLDS"}
    output.show(rows, columns, as_json=as_json, none="No volumes yet.")


@volumes.command()
@click.argument("user")
@click.argument("keys", nargs=-1, required=True, metavar="VOLUME...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output.as_json
@with_installation
def reset(site: Installation, user: str, keys: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Empty volumes of a user whose servers are stopped. What was in them is lost."""
    hub = client(site)
    exactly([user], _users(hub), "user")
    chosen = exactly(keys, {v["name"] for v in _volumes(hub, user) if v["resettable"]}, "volume")
    if not yes:
        typed = click.prompt(
            f"This destroys {', '.join(chosen)} of {user}. Type the user's name to go on", err=True
        )
        if typed != user:
            raise click.Abort
    answer = hub.service("POST", "users", user, "volumes", "reset", body={"volumes": chosen})
    if as_json:
        output.show_json(answer)
    else:
        output.say(f"✔ {user}: {', '.join(answer['reset']) or 'nothing to be'} emptied")


def _users(hub: Client) -> list[str]:
    return sorted(user["name"] for user in hub.pages("users"))


def _volumes(hub: Client, user: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hub.service("GET", "users", user, "volumes")["volumes"]
    return found
