"""``labyard users``: who may come in. No password passes through here: people set their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TextIO
from urllib.parse import quote

import click

from labyard.cli import output
from labyard.cli.client import Client
from labyard.cli.exact import exactly
from labyard.cli.identities import identities, link, unlink
from labyard.cli.keys import keys
from labyard.cli.site import client, public_url, with_installation
from labyard.cli.whole import WholeHelp
from labyard.wiring import Installation

_NAMES = click.argument("names", nargs=-1, required=True, metavar="NAME...")
_ACCOUNTS = ("labyard", "accounts")
_STATES = ("pending", "approved", "withdrawn", "admin")
_PAGE = 500


@click.group(cls=WholeHelp)
def users() -> None:
    """List, add, approve and remove people. Names are matched whole."""


for verb in (keys, identities, link, unlink):
    users.add_command(verb)


@users.command("list")
@click.option("--search", default="", metavar="TEXT", help="Only names that hold this.")
@click.option("--state", type=click.Choice(_STATES), help="Only people of this kind.")
@click.option("--group", default="", help="Only members of this group.")
@output.as_json
@with_installation
def list_(site: Installation, search: str, state: str | None, group: str, as_json: bool) -> None:
    """Show everybody: who waits for approval, administrators, and what runs."""
    columns = {
        "name": "NAME",
        "state": "STATE",
        "admin": "ADMIN",
        "groups": "GROUPS",
        "running": "RUNNING",
        "last_activity": "LAST SEEN",
    }
    found = sorted(
        everybody(client(site), search=search, state=state or "", group=group),
        key=lambda row: str(row["name"]),
    )
    output.show(found, columns, as_json=as_json, none="Nobody like that.")


@users.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--admin", is_flag=True, help="Make them administrators.")
@click.option(
    "--file", type=click.File(), help="Read names from a file, one a line; - reads input."
)
@click.option("--group", "groups", multiple=True, help="Put those of the file in this group.")
@output.as_json
@with_installation
def add(
    site: Installation,
    *,
    names: tuple[str, ...],
    admin: bool,
    file: TextIO | None,
    groups: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add people, approved at once. Prints each one's code for setting a password.

    Of a file all are added, or none: what is wrong is told by line. `#` begins a comment.
    """
    if bool(names) == bool(file) or (file and admin) or (groups and not file):
        raise click.UsageError(
            "Give names, or --file; --admin goes with names, --group with a file."
        )
    hub = client(site)
    if file is not None:
        body = {"names": file.read().splitlines(), "groups": list(groups)}
        made = {
            a["name"]: a for a in hub.hub("POST", "labyard", "invitations", body=body)["accounts"]
        }
        output.each(
            tuple(made), lambda name: _invitation(site, "added", made[name]), as_json=as_json
        )
        return

    def act(name: str) -> dict[str, str]:
        made = hub.hub("POST", *_ACCOUNTS, body={"name": name, "admin": admin})
        return _invitation(site, "added", made)

    output.each(names, act, as_json=as_json)


@users.command()
@_NAMES
@click.option("--volumes", is_flag=True, help="Delete their volumes, and all that is in them, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output.as_json
@with_installation
def remove(
    site: Installation, names: tuple[str, ...], volumes: bool, yes: bool, as_json: bool
) -> None:
    """Remove people and stop what they run. Without --volumes their volumes stay."""
    hub = client(site)
    chosen = exactly(names, _names(hub), "user")
    if not yes:
        kept = " and all their files" if volumes else ""
        click.confirm(f"Remove {', '.join(chosen)}{kept}?", abort=True, err=True)

    def act(name: str) -> str:
        if not volumes:
            hub.hub("DELETE", *_ACCOUNTS, name)
            return "removed, volumes kept"
        gone = hub.service("DELETE", "users", name, volumes="delete")["volumes"]
        return f"removed, with the volumes {', '.join(gone)}" if gone else "removed; no volumes"

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
@click.argument("name")
@click.argument("new", metavar="NEW-NAME")
@output.as_json
@with_installation
def rename(site: Installation, name: str, new: str, as_json: bool) -> None:
    """Call somebody something else. Volumes, groups, keys and the password stay theirs."""
    hub = client(site)

    def act(name: str) -> str:
        made = hub.hub("POST", *_ACCOUNTS, name, "rename", body={"name": new})
        return f"is now {made['name']}"

    output.each(exactly((name,), _names(hub), "user"), act, as_json=as_json)


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


def everybody(hub: Client, **wanted: str) -> Iterator[dict[str, Any]]:
    """Yield everybody who is ``wanted``, requests for an account first, then by name."""
    offset, total = 0, 1
    while offset < total:
        page = hub.hub("GET", *_ACCOUNTS, offset=offset, limit=_PAGE, **wanted)
        yield from page["accounts"]
        offset, total = offset + _PAGE, page["total"]


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
