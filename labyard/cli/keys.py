"""``labyard users keys``: the SSH keys that people keep here. Public keys are no secrets."""

from __future__ import annotations

from typing import Any, TextIO

import click

from labyard.cli import output
from labyard.cli.client import Client
from labyard.cli.site import client, with_installation
from labyard.cli.whole import WholeHelp
from labyard.core.errors import NotFound
from labyard.wiring import Installation

_NAME = click.argument("name", metavar="NAME")


@click.group(cls=WholeHelp)
def keys() -> None:
    """List, add and remove people's SSH keys."""


@keys.command("list")
@_NAME
@output.as_json
@with_installation
def list_(site: Installation, name: str, as_json: bool) -> None:
    """Show the keys of a person."""
    columns = {
        "label": "LABEL",
        "kind": "KIND",
        "fingerprint": "FINGERPRINT",
        "added": "ADDED",
        "last_used": "LAST USED",
    }
    output.show(_keys(client(site), name), columns, as_json=as_json, none=f"{name} has no keys.")


@keys.command()
@_NAME
@click.argument("file", type=click.File())
@click.option("--label", default="", help="Instead of what stands at the end of the key.")
@output.as_json
@with_installation
def add(site: Installation, name: str, file: TextIO, label: str, as_json: bool) -> None:
    """Keep the public key in FILE (ending in .pub; - is standard input) for a person."""
    hub, body = client(site), {"key": file.read(), "label": label}

    def act(name: str) -> dict[str, Any]:
        kept = hub.service("POST", "users", name, "keys", body=body)
        return {"message": f"{kept['label']} was added, {kept['fingerprint']}", **kept}

    output.each([name], act, as_json=as_json)


@keys.command()
@_NAME
@click.argument("fingerprints", nargs=-1, required=True, metavar="FINGERPRINT...")
@output.as_json
@with_installation
def remove(site: Installation, name: str, fingerprints: tuple[str, ...], as_json: bool) -> None:
    """Remove keys of a person, named by their whole fingerprints."""
    hub = client(site)
    kept = {key["fingerprint"]: key for key in _keys(hub, name)}

    for fingerprint in fingerprints:
        if fingerprint not in kept:
            raise NotFound(
                f"{name} has no key {fingerprint}.",
                remedy=f"`labyard users keys list {name}` shows all of them.",
            )

    def act(fingerprint: str) -> str:
        hub.service("DELETE", "users", name, "keys", str(kept[fingerprint]["id"]))
        return "removed"

    output.each(fingerprints, act, as_json=as_json)


def _keys(hub: Client, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hub.service("GET", "users", name, "keys")["keys"]
    return found
