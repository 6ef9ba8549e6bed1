"""``labyard users``: who may come in."""

from __future__ import annotations

import sys
from typing import Any

import click

from labyard.cli import output
from labyard.cli.client import Client
from labyard.cli.exact import exactly
from labyard.cli.site import client, with_installation
from labyard.core.errors import Busy, Refused
from labyard.wiring import Installation

_NAMES = click.argument("names", nargs=-1, required=True, metavar="NAME...")
_ACCOUNTS = ("labyard", "accounts")


@click.group()
def users() -> None:
    """List, add, approve and remove people. Names are matched whole."""


@users.command("list")
@output.as_json
@with_installation
def list_(site: Installation, as_json: bool) -> None:
    """Show everybody: approved, waiting, administrators, and what they run."""
    rows = everybody(client(site))
    columns = {
        "name": "NAME",
        "state": "STATE",
        "admin": "ADMIN",
        "servers": "RUNNING",
        "last_activity": "LAST SEEN",
    }
    output.show(rows, columns, as_json=as_json, none="Nobody yet.")


@users.command()
@_NAMES
@click.option("--admin", is_flag=True, help="Make them administrators.")
@click.option("--password-stdin", is_flag=True, help="Read one password for all from stdin.")
@output.as_json
@with_installation
def add(
    site: Installation, names: tuple[str, ...], admin: bool, password_stdin: bool, as_json: bool
) -> None:
    """Add people, approved at once; asks for each one's password."""
    hub = client(site)
    common = _read_stdin() if password_stdin else None
    known = {row["name"] for row in everybody(hub)}

    def act(name: str) -> str:
        if name in known:
            raise Busy(f"There is a user named {name!r} already.")
        password = common if common is not None else _ask(name)
        body = {"name": name, "password": password, "admin": admin}
        hub.hub("POST", *_ACCOUNTS, body=body)
        return "added as administrator" if admin else "added"

    output.each(list(dict.fromkeys(names)), act, "added", as_json=as_json)


@users.command()
@_NAMES
@click.option("--yes", is_flag=True, help="Do not ask.")
@output.as_json
@with_installation
def remove(site: Installation, names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove people and stop what they run. Their volumes stay."""
    hub = client(site)
    chosen = exactly(names, _names(hub), "user")
    if not yes:
        click.confirm(f"Remove {', '.join(chosen)}?", abort=True, err=True)
    output.each(
        chosen, lambda name: hub.hub("DELETE", *_ACCOUNTS, name), "removed", as_json=as_json
    )


@users.command()
@_NAMES
@click.option("--revoke", is_flag=True, help="Take the role away instead.")
@output.as_json
@with_installation
def admin(site: Installation, names: tuple[str, ...], revoke: bool, as_json: bool) -> None:
    """Make people administrators."""
    hub = client(site)
    output.each(
        exactly(names, _names(hub), "user"),
        lambda name: _nothing(hub.hub("PATCH", "users", name, body={"admin": not revoke})),
        "no administrator any more" if revoke else "administrator",
        as_json=as_json,
    )


@users.command()
@_NAMES
@output.as_json
@with_installation
def approve(site: Installation, names: tuple[str, ...], as_json: bool) -> None:
    """Let people in who signed up."""
    hub = client(site)
    output.each(
        exactly(names, _names(hub), "user"),
        lambda name: _nothing(hub.hub("POST", *_ACCOUNTS, name, "approve")),
        "approved",
        as_json=as_json,
    )


@users.command()
@click.argument("name")
@click.option("--stdin", is_flag=True, help="Read the password from standard input.")
@with_installation
def password(site: Installation, name: str, stdin: bool) -> None:
    """Set somebody's password; signs them out everywhere."""
    hub = client(site)
    exactly([name], _names(hub), "user")
    new = _read_stdin() if stdin else _ask(name)
    hub.hub("PUT", *_ACCOUNTS, name, "password", body={"password": new})
    output.say(f"✔ {name}: password set, signed out everywhere")


def everybody(hub: Client) -> list[dict[str, Any]]:
    """Return the hub's users and those who wait for approval, by name, one row each."""
    waiting = {a["name"]: a for a in hub.hub("GET", *_ACCOUNTS)}
    rows = {
        user["name"]: {
            "name": user["name"],
            "state": waiting.get(user["name"], {}).get("state", "approved"),
            "admin": user["admin"],
            "servers": len(user.get("servers") or {}),
            "last_activity": user["last_activity"],
        }
        for user in hub.pages("users")
    }
    for name, account in waiting.items():
        rows.setdefault(
            name,
            {
                "name": name,
                "state": account["state"],
                "admin": False,
                "servers": 0,
                "last_activity": None,
            },
        )
    return [rows[name] for name in sorted(rows)]


def _names(hub: Client) -> set[str]:
    return {row["name"] for row in everybody(hub)}


def _nothing(_: object) -> None:
    return None


def _ask(name: str) -> str:
    if not sys.stdin.isatty():
        raise Refused(
            "There is no terminal to ask for a password on.",
            remedy="Give it on standard input with --password-stdin or --stdin.",
        )
    return str(
        click.prompt(f"Password for {name}", hide_input=True, confirmation_prompt=True, err=True)
    )


def _read_stdin() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise Refused("Standard input held no password.")
    return password
