"""``labyard volumes``: what of people's labs outlives them."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import click

from labyard.cli import output
from labyard.cli.client import Client
from labyard.cli.exact import exactly
from labyard.cli.site import client, with_installation
from labyard.cli.whole import WholeHelp
from labyard.core.errors import LabyardError
from labyard.core.units import show_bytes
from labyard.volumes.transfers import filename
from labyard.web.view.words import utc_now
from labyard.wiring import Installation


@click.group(cls=WholeHelp)
def volumes() -> None:
    """List people's volumes, take them out, put files in, and empty chosen ones."""


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
    columns = {
        "user": "USER",
        "name": "VOLUME",
        "size": "SIZE",
        "source": "ON THE ENGINE",
        "description": "HOLDS",
    }
    if not as_json:
        rows = [{**row, "size": _size(row["size"])} for row in rows]
    output.show(rows, columns, as_json=as_json, none="No volumes yet.")


@volumes.command()
@click.argument("user")
@click.argument("key", metavar="VOLUME")
@click.option("--folder", default="", help="One folder in it, for example data/2026.")
@click.option("-o", "--output", "to", type=click.Path(path_type=Path), help="Where to write it.")
@with_installation
def download(site: Installation, user: str, key: str, folder: str, to: Path | None) -> None:
    """Write a volume of a user as a .tar.gz, also while servers run."""
    hub = client(site)
    exactly([user], _users(hub), "user")
    path = to or Path(filename(key, folder, utc_now().date().isoformat(), compressed=True))
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "xb", opener=_private) as file:
            hub.fetch(file, "users", user, "volumes", key, "archive", folder=folder)
        part.rename(path)
    except FileExistsError:
        raise LabyardError(
            f"{part} is there already.", remedy="Remove it, or choose another --output."
        ) from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    output.say(f"✔ {path} ({show_bytes(path.stat().st_size)})")


@volumes.command()
@click.argument("user")
@click.argument("key", metavar="VOLUME")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(True, path_type=Path)
)
@click.option("--folder", default="", help="Where in the volume; made if need be.")
@click.option("--overwrite", is_flag=True, help="Replace files of the same name.")
@click.option("--unpack", is_flag=True, help="PATH is one archive: put in what it holds.")
@click.option("--strip", is_flag=True, help="With --unpack: leave out the archive's top folder.")
@output.as_json
@with_installation
def upload(
    site: Installation,
    user: str,
    key: str,
    paths: tuple[Path, ...],
    *,
    folder: str,
    overwrite: bool,
    unpack: bool,
    strip: bool,
    as_json: bool,
) -> None:
    """Put files and folders into a volume of a user whose servers are stopped: all of them, or none."""
    if unpack and len(paths) > 1:
        raise click.UsageError("--unpack takes one archive at a time.")
    hub = client(site)
    exactly([user], _users(hub), "user")
    how = {"folder": folder, "overwrite": int(overwrite), "strip": int(strip)}
    with paths[0].open("rb") if unpack else _packed(paths) as content:
        answer = hub.send(content, "users", user, "volumes", key, "upload", **how)
    if as_json:
        output.show_json(answer)
    else:
        files = answer["files"]
        output.say(f"✔ {user}: {files} file{'' if files == 1 else 's'} in {key}")


def _private(path: str, flags: int) -> int:
    """Open a file for whoever runs this alone: it holds somebody's."""
    return os.open(path, flags, 0o600)


def _packed(paths: Iterable[Path]) -> BinaryIO:
    """Return a tar of files and folders, in a file that goes when it is closed."""
    packed = tempfile.TemporaryFile()  # noqa: SIM115 - whoever takes it closes it
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in paths:
            tar.add(path, path.resolve().name)
    packed.seek(0)
    return packed


def _size(size: dict[str, Any] | None) -> str:
    if size is None:
        return "not measured yet"
    return ("" if size["whole"] else "at least ") + show_bytes(size["bytes"])


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
