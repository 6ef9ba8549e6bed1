"""``labyard users``: who may come in. No password passes through here: people set their own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from labyard.cli import output
from labyard.cli.client import Client
from labyard.cli.exact import exactly
from labyard.cli.keys import keys
from labyard.cli.site import client, public_url, with_installation
from labyard.cli.whole import WholeHelp
from labyard.wiring import Installation

_NAMES = click.argument("names", nargs=-1, required=True, metavar="NAME...")
_ACCOUNTS = ("labyard", "accounts")


@click.group(cls=WholeHelp)
def users() -> None:
    """List, add, approve and remove people. Names are matched whole."""


users.add_command(keys)


@users.command("list")
@output.as_json
@with_installation
def list_(site: Installation, as_json: bool) -> None:
    """Show everybody: who waits for approval, administrators, and what runs."""
    columns = {
        "name": "NAME",
        "state": "STATE",
        "admin": "ADMIN",
        "running": "RUNNING",
        "last_activity": "LAST SEEN",
    }
    output.show(everybody(client(site)), columns, as_json=as_json, none="Nobody yet.")


@users.command()
@_NAMES
@click.option("--admin", is_flag=True, help="Make them administrators.")
@output.as_json
@with_installation
def add(site: Installation, names: tuple[str, ...], admin: bool, as_json: bool) -> None:
    """Add people, approved at once. Prints each one's code for setting a password."""
    hub = client(site)

    def act(name: str) -> dict[str, str]:
        made = hub.hub("POST", *_ACCOUNTS, body={"name": name, "admin": admin})
        return _invitation(site, "added", made)

    output.each(names, act, as_json=as_json)


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

    def act(name: str) -> str:
        hub.hub("DELETE", *_ACCOUNTS, name)
        return "removed, volumes kept"

    output.each(chosen, act, as_json=as_json)


@users.command()
@_NAMES
@click.option("--revoke", is_flag=True, help="Take the rights away instead.")
@output.as_json
@with_installation
def admin(site: Installation, names: tuple[str, ...], revoke: bool, as_json: bool) -> None:
    """Make people administrators."""
    hub = client(site)

    def act(name: str) -> str:
        hub.hub("POST", *_ACCOUNTS, name, "admin", body={"admin": not revoke})
        return "no administrator any more" if revoke else "administrator"

    output.each(exactly(names, _names(hub), "user"), act, as_json=as_json)


@users.command()
@_NAMES
@output.as_json
@with_installation
def password(site: Installation, names: tuple[str, ...], as_json: bool) -> None:
    """Void passwords and sign out everywhere. Prints each one's code for a new password."""
    hub = client(site)

    def act(name: str) -> dict[str, str]:
        made = hub.hub("POST", *_ACCOUNTS, name, "password", body={})
        return _invitation(site, "password void, signed out everywhere", made)

    output.each(exactly(names, _names(hub), "user"), act, as_json=as_json)


def _decision(verb: str, done: str, help: str) -> None:
    @users.command(verb, help=help)
    @_NAMES
    @output.as_json
    @with_installation
    def decide(site: Installation, names: tuple[str, ...], as_json: bool) -> None:
        hub = client(site)

        def act(name: str) -> str:
            hub.hub("POST", *_ACCOUNTS, name, verb, body={})
            return done

        output.each(exactly(names, _names(hub), "user"), act, as_json=as_json)


_decision("approve", "approved", "Let people in who signed up.")
_decision("deny", "request removed", "Remove requests of people who signed up.")
_decision("withdraw", "shut out", "Shut people out: sessions end, tokens are void, labs stop.")
_decision("restore", "may come in again", "Let people in again who were shut out.")


def everybody(hub: Client) -> list[dict[str, Any]]:
    """Return accounts and the hub's users together, one row a name, in order of names."""
    accounts = {a["name"]: a for a in hub.hub("GET", *_ACCOUNTS)["accounts"]}
    people = {user["name"]: user for user in hub.pages("users")}
    return [
        _row(name, accounts.get(name, {}), people.get(name, {}))
        for name in sorted(accounts | people)
    ]


def _row(name: str, account: dict[str, Any], user: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "state": account.get("state", "approved"),
        "admin": bool(user.get("admin", account.get("admin", False))),
        "running": sum(bool(s.get("ready")) for s in (user.get("servers") or {}).values()),
        "last_activity": user.get("last_activity"),
    }


def _names(hub: Client) -> set[str]:
    return {row["name"] for row in everybody(hub)}


def _invitation(site: Installation, done: str, made: dict[str, Any]) -> dict[str, str]:
    where = f"{public_url(site.settings)}hub/invitation?name={quote(made['name'])}"
    return {
        "message": f"{done}.\n  Code  {made['code']}  (once, within seven days)\n  At    {where}",
        "code": made["code"],
        "until": made["code_expires"],
        "address": where,
    }
