"""``labyard groups``: who is in which group. What a group grants is ``labyard policy``."""

from __future__ import annotations

from typing import Any

import click

from labyard.cli import output
from labyard.cli.client import Client
from labyard.cli.exact import exactly
from labyard.cli.site import client, with_installation
from labyard.cli.whole import WholeHelp
from labyard.wiring import Installation

_GROUP = click.argument("group")
_USERS = click.argument("users", nargs=-1, required=True, metavar="USER...")


@click.group(cls=WholeHelp)
def groups() -> None:
    """List groups, and put people in and out. Names are matched whole."""


@groups.command("list")
@output.as_json
@with_installation
def list_(site: Installation, as_json: bool) -> None:
    """Show every group and who is in it."""
    rows = [_row(group) for group in client(site).pages("groups")]
    columns = {"name": "GROUP", "members": "MEMBERS"}
    shown = rows if as_json else [{**row, "members": ", ".join(row["members"])} for row in rows]
    output.show(shown, columns, as_json=as_json, none="No groups yet.")


@groups.command()
@_GROUP
@output.as_json
@with_installation
def create(site: Installation, group: str, as_json: bool) -> None:
    """Make a group without members."""
    hub = client(site)

    def act(name: str) -> str:
        hub.hub("POST", "groups", name)
        return "made"

    output.each((group,), act, as_json=as_json)


@groups.command()
@_GROUP
@_USERS
@output.as_json
@with_installation
def add(site: Installation, group: str, users: tuple[str, ...], as_json: bool) -> None:
    """Put people in a group, which is made if need be. It counts from their next start."""
    hub = client(site)
    chosen = exactly(users, _users(hub), "user")
    if group not in _groups(hub):
        hub.hub("POST", "groups", group)

    def act(name: str) -> str:
        hub.hub("POST", "groups", group, "users", body={"users": [name]})
        return f"in {group}"

    output.each(chosen, act, as_json=as_json)


@groups.command()
@_GROUP
@_USERS
@output.as_json
@with_installation
def remove(site: Installation, group: str, users: tuple[str, ...], as_json: bool) -> None:
    """Take people out of a group. It counts from their next start."""
    hub = client(site)
    exactly((group,), set(_groups(hub)), "group")

    def act(name: str) -> str:
        hub.hub("DELETE", "groups", group, "users", body={"users": [name]})
        return f"not in {group}"

    output.each(exactly(users, _groups(hub)[group], "member"), act, as_json=as_json)


@groups.command()
@_GROUP
@click.option("--yes", is_flag=True, help="Do not ask.")
@output.as_json
@with_installation
def delete(site: Installation, group: str, yes: bool, as_json: bool) -> None:
    """Delete a group. Its policy stays, for a group of that name."""
    hub = client(site)
    (name,) = exactly((group,), set(_groups(hub)), "group")
    if not yes:
        click.confirm(f"Delete {name}?", abort=True, err=True)

    def act(name: str) -> str:
        hub.hub("DELETE", "groups", name)
        return "deleted"

    output.each((name,), act, as_json=as_json)


def _row(group: dict[str, Any]) -> dict[str, Any]:
    return {"name": group["name"], "members": sorted(group["users"])}


def _groups(hub: Client) -> dict[str, set[str]]:
    return {group["name"]: set(group["users"]) for group in hub.pages("groups")}


def _users(hub: Client) -> set[str]:
    return {user["name"] for user in hub.pages("users")}
