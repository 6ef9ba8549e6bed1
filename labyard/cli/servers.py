"""``labyard servers``: what runs for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from labyard.cli import output
from labyard.cli.client import Client
from labyard.cli.exact import exactly
from labyard.cli.site import client, with_installation
from labyard.cli.whole import WholeHelp
from labyard.wiring import Installation

_SERVERS = click.argument("names", nargs=-1, required=True, metavar="USER[/SERVER]...")


@click.group(cls=WholeHelp)
def servers() -> None:
    """List, start, stop and restart servers.

    A server is named by its user, or by user/server for a named one. Names are matched whole.
    """


@servers.command("list")
@click.option("--all", "-a", "everything", is_flag=True, help="Stopped ones too.")
@output.as_json
@with_installation
def list_(site: Installation, everything: bool, as_json: bool) -> None:
    """Show the servers that run."""
    rows = [
        {**row, "image": row["image"] or site.settings.labs.image}
        for row in all_servers(client(site))
        if everything or row["state"] != "stopped"
    ]
    columns = {
        "name": "SERVER",
        "state": "STATE",
        "image": "IMAGE",
        "started": "STARTED",
        "last_activity": "LAST ACTIVE",
    }
    output.show(rows, columns, as_json=as_json, none="No server runs.")


def _action(verb: str, done: str, help: str) -> None:
    @servers.command(verb, help=help)
    @_SERVERS
    @output.as_json
    @with_installation
    def run(site: Installation, names: tuple[str, ...], as_json: bool) -> None:
        hub = client(site)

        def act(name: str) -> str:
            hub.service("POST", *_path(name), verb, body={})
            return done

        _each(hub, names, act, as_json)


_action("start", "runs", "Start servers and wait until they answer.")
_action("stop", "stopped", "Stop servers; volumes stay.")
_action("restart", "restarted", "Restart servers in place, without making them anew.")


@servers.command()
@_SERVERS
@click.option(
    "--days", "-d", type=click.IntRange(1, 3650), help="From now. [default: as at the start]"
)
@output.as_json
@with_installation
def extend(site: Installation, names: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Put off the end of servers that have one, as far as policy allows."""
    hub = client(site)

    def act(name: str) -> str:
        done = hub.service("POST", *_path(name), "extend", body={"days": days} if days else {})
        return f"ends {done['expires']}"

    _each(hub, names, act, as_json)


def _each(hub: Client, names: tuple[str, ...], act: Callable[[str], str], as_json: bool) -> None:
    known = {row["name"] for row in all_servers(hub)}
    output.each(exactly(names, known, "server"), act, as_json=as_json)


@servers.command()
@click.argument("name", metavar="USER[/SERVER]")
@click.option("--lines", "-n", default=100, show_default=True, type=click.IntRange(1, 5000))
@with_installation
def logs(site: Installation, name: str, lines: int) -> None:
    """Show the last lines a server wrote."""
    hub = client(site)
    exactly([name], {row["name"] for row in all_servers(hub)}, "server")
    click.echo(hub.service("GET", *_path(name), "logs", lines=lines)["logs"])


def all_servers(hub: Client) -> list[dict[str, Any]]:
    """Return every user's servers, the default one even if it never ran."""
    return [
        _row(user["name"], name, server)
        for user in hub.pages("users", include_stopped_servers="1")
        for name, server in sorted(({"": {}} | (user.get("servers") or {})).items())
    ]


def _row(user: str, name: str, server: dict[str, Any]) -> dict[str, Any]:
    pending = {"spawn": "starting", "stop": "stopping"}.get(server.get("pending") or "", "")
    return {
        "name": f"{user}/{name}" if name else user,
        "user": user,
        "server": name,
        "state": pending or ("running" if server.get("ready") else "stopped"),
        "image": (server.get("user_options") or {}).get("image"),
        "started": server.get("started"),
        "last_activity": server.get("last_activity"),
    }


def _path(name: str) -> tuple[str, ...]:
    user, _, server = name.partition("/")
    return ("users", user, "servers", server) if server else ("users", user, "server")
