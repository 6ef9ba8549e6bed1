"""``labyard servers``: what runs for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import click

from labyard.cli import output
from labyard.cli.choosing import choosing, chosen
from labyard.cli.client import Client
from labyard.cli.exact import exactly
from labyard.cli.site import client, with_installation
from labyard.cli.whole import WholeHelp
from labyard.core.errors import LabyardError
from labyard.core.units import parse_seconds, show_bytes
from labyard.options import words
from labyard.options.declaration import kept
from labyard.web.view.words import utc_now
from labyard.wiring import Installation

_USERS_AT_ONCE = 200
_AT_ONCE = 8
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
    """Show the servers that run, and when those end that do so by themselves."""
    hub = client(site)
    rows = [
        {**row, "image": row["image"] or site.settings.labs.image}
        for row in all_servers(hub)
        if everything or row["state"] != "stopped"
    ]
    columns = {
        "name": "SERVER",
        "state": "STATE",
        "image": "IMAGE",
        "started": "STARTED",
        "last_activity": "LAST ACTIVE",
    }
    try:
        ends = _ends(hub)
    except LabyardError as error:
        output.complain(LabyardError("When servers end is not known.", remedy=str(error)))
    else:
        columns["expires"] = "ENDS"
        rows = [{**row, "expires": ends.get((row["user"], row["server"]))} for row in rows]
    output.show(rows, columns, as_json=as_json, none="No server runs.")


def _action(verb: str, done: str, help: str) -> None:
    @servers.command(verb, help=help)
    @_SERVERS
    @output.as_json
    @with_installation
    def run(site: Installation, names: tuple[str, ...], as_json: bool) -> None:
        hub = client(site)

        def act(name: str) -> str:
            told = hub.service("POST", *_path(name), verb, body={})
            return "made anew" if told.get("anew") else done

        _each(hub, names, act, as_json)


def _seconds(ctx: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else parse_seconds(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}") from None


def _unused(row: dict[str, Any], idle: float | None) -> bool:
    """Return whether nobody used a server for ``idle`` seconds; None asks for nothing."""
    used = row["last_activity"] or row["started"]
    if idle is None or used is None:
        return idle is None
    return (utc_now() - datetime.fromisoformat(used)).total_seconds() >= idle


@servers.command()
@_SERVERS
@choosing
@click.option("--usual", is_flag=True, help="Forget what was chosen before.")
@click.option("--new", is_flag=True, help="Make named servers that are not there yet.")
@output.as_json
@with_installation
def start(
    site: Installation,
    /,
    names: tuple[str, ...],
    usual: bool,
    new: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Start servers and wait until they answer.

    Without options a server starts with those of last time; options replace all of these.
    docs/reference/options.md tells of each.
    """
    hub, options = client(site), chosen(given)
    body = {"options": options or {}} if options or usual else {}
    rows = list(all_servers(hub))
    known = {row["name"] for row in rows}
    users = {row["user"] for row in rows}
    # A name that is not there is a slip of the keyboard, unless it is meant to be made.
    made = {name for name in names if new and "/" in name and name.split("/")[0] in users}

    def act(name: str) -> str:
        hub.service("POST", *_path(name), "start", body=body)
        return "runs"

    output.each(exactly(names, known | made, "server"), act, as_json=as_json)


@servers.command()
@click.argument("names", nargs=-1, metavar="[USER[/SERVER]]...")
@click.option("--all", "-a", "everything", is_flag=True, help="All that run.")
@click.option(
    "--idle", metavar="TIME", callback=_seconds, help="All that nobody used for so long, e.g. 8h."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@output.as_json
@with_installation
def stop(
    site: Installation,
    /,
    names: tuple[str, ...],
    *,
    everything: bool,
    idle: float | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Stop servers; volumes stay."""
    if bool(names) == (everything or idle is not None):
        raise click.UsageError("Name servers, or say --all or --idle.")
    hub = client(site)
    rows = list(all_servers(hub))
    chosen = exactly(names, {row["name"] for row in rows}, "server")
    if not names:
        chosen = [row["name"] for row in rows if row["state"] == "running" and _unused(row, idle)]
        if chosen and not yes:
            click.confirm(f"Stop {', '.join(chosen)}?", abort=True, err=True)
    results: dict[str, dict[str, Any]] = {}

    def act(name: str) -> str:
        if name not in results:  # a few at a time: the service stops those side by side
            begin = chosen.index(name)
            some = chosen[begin : begin + _AT_ONCE]
            answer = hub.service("POST", "stop", body={"servers": some})["servers"]
            results.update(zip(some, answer, strict=True))
        if not results[name]["ok"]:
            raise LabyardError(results[name]["message"], remedy=results[name]["remedy"])
        return "stopped"

    if chosen or as_json:
        output.each(chosen, act, as_json=as_json)
    else:
        output.say("Nothing that runs fits.")


_action(
    "restart",
    "restarted",
    "Restart servers in place; those that have more than they may by now are made anew.",
)


@servers.command()
@_SERVERS
@click.option(
    "--days", "-d", type=click.IntRange(1, 3650), help="From now. [default: as at the start]"
)
@click.option("--sooner", is_flag=True, help="With --days: also where that is sooner than now.")
@output.as_json
@with_installation
def extend(
    site: Installation, names: tuple[str, ...], days: int | None, sooner: bool, as_json: bool
) -> None:
    """Put off the end of servers that have one, as far as policy allows."""
    hub = client(site)
    body = {"days": days, "sooner": sooner} if days else {}

    def act(name: str) -> str:
        done = hub.service("POST", *_path(name), "extend", body=body)
        return f"ends {done['expires']}"

    _each(hub, names, act, as_json)


def _each(hub: Client, names: tuple[str, ...], act: Callable[[str], str], as_json: bool) -> None:
    known = {row["name"] for row in all_servers(hub)}
    output.each(exactly(names, known, "server"), act, as_json=as_json)


@servers.command()
@click.argument("name", metavar="USER[/SERVER]")
@output.as_json
@with_installation
def info(site: Installation, name: str, as_json: bool) -> None:
    """Show what a server was made with and what it uses."""
    hub = client(site)
    exactly([name], {row["name"] for row in all_servers(hub)}, "server")
    user, _, server = name.partition("/")
    details = hub.service("GET", "servers", user, *([server] if server else []))
    if as_json:
        output.show_json(details)
        return
    rows = [{"what": what, "value": value} for what, value in _told(details)]
    output.show(rows, {"what": "WHAT", "value": "VALUE"}, as_json=False, none="")


def _told(details: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "State", details["state"]
    yield "Image", details["image"]
    cpu, memory = details["cpu_limit"], details["memory_limit"]
    yield "CPU limit", "none" if cpu is None else words.cores(cpu)
    yield "Memory limit", "none" if memory is None else show_bytes(memory)
    if details["expires"]:
        yield "Ends", output.when(details["expires"])
    for label, value in words.told(kept(details["options"])):
        yield f"Chosen: {label}", value


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


def _ends(hub: Client) -> dict[tuple[str, str], str | None]:
    """Return when servers end, by user and name; the service knows, not the hub."""
    ends: dict[tuple[str, str], str | None] = {}
    offset, users = 0, 1
    while offset < users:
        page = hub.service("GET", "servers", offset=offset, limit=_USERS_AT_ONCE)
        ends |= {(row["user"], row["server"]): row["expires"] for row in page["servers"]}
        offset, users = offset + _USERS_AT_ONCE, page["total_users"]
    return ends


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
