"""``labyard policy``: what groups grant, and what that comes to for one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from labyard.cli import output
from labyard.cli.exact import exactly
from labyard.cli.site import client, with_installation
from labyard.cli.whole import WholeHelp
from labyard.core.errors import Refused
from labyard.policies.written import checked, document, plain
from labyard.settings.document import parse
from labyard.settings.groups import GroupSettings
from labyard.wiring import Installation

_POLICIES = ("labyard", "policies")


@click.group(cls=WholeHelp)
def policy() -> None:
    """See and set what groups grant their members."""


@policy.command("list")
@output.as_json
@with_installation
def list_(site: Installation, as_json: bool) -> None:
    """Show the policy of every group that has one."""
    found = client(site).hub("GET", *_POLICIES)["groups"]
    rows = found if as_json else [_row(group) for group in found]
    columns = {"name": "GROUP", "grants": "GRANTS", "origin": "CHANGED BY"}
    output.show(rows, columns, as_json=as_json, none="No group has a policy.")


@policy.command()
@click.argument("user")
@output.as_json
@with_installation
def check(site: Installation, user: str, as_json: bool) -> None:
    """Show what a person may have, and which group's word it is."""
    hub = client(site)
    (name,) = exactly((user,), {each["name"] for each in hub.pages("users")}, "user")
    grants = hub.hub("GET", "labyard", "policy", name)["grants"]
    columns = {"grant": "GRANT", "words": "MAY HAVE", "groups": "BECAUSE OF"}
    shown = [{**each, "groups": ", ".join(each["groups"]) or "everybody"} for each in grants]
    output.show(grants if as_json else shown, columns, as_json=as_json, none="")


@policy.command()
@with_installation
def export(site: Installation) -> None:
    """Print all policies as YAML: as the settings file has them, and as import takes them."""
    found = client(site).hub("GET", *_POLICIES)["groups"]
    groups = [GroupSettings.model_validate(_said(group)) for group in found]
    click.echo(yaml.safe_dump(document(groups), sort_keys=False, allow_unicode=True), nl=False)


@policy.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@output.as_json
@with_installation
def import_(site: Installation, file: Path, as_json: bool) -> None:
    """Set the policies that a YAML file has below `groups`: all of them, or none.

    Policies of other groups stay as they are. Those that are as they were are passed over, so that an
    export can be imported, with what is given in the settings too.
    """
    hub, wanted = client(site), _read(file, site)
    there = {
        g["name"]: GroupSettings.model_validate(_said(g))
        for g in hub.hub("GET", *_POLICIES)["groups"]
    }
    changed = [group for group in wanted if there.get(group.name) != group]
    if changed:
        hub.hub("POST", *_POLICIES, body={"groups": [plain(group) for group in changed]})
    said = {group.name: "set" if group in changed else "as it was" for group in wanted}
    output.each(tuple(said), said.__getitem__, as_json=as_json)


@policy.command("set")
@click.argument("group")
@click.argument("grants", nargs=-1, required=True, metavar="GRANT=VALUE...")
@output.as_json
@with_installation
def set_(site: Installation, group: str, grants: tuple[str, ...], as_json: bool) -> None:
    """Set some of what a group grants; the rest stays. `GRANT=` leaves it to everybody's again.

    Values are as in the settings: cpu=2 memory=4G images='[lab:1, lab:2]'.
    """
    hub = client(site)
    there = {each["name"]: each for each in hub.hub("GET", *_POLICIES)["groups"]}
    wanted = {**_said(there.get(group, {})), "name": group, **dict(map(_grant, grants))}
    wanted = {name: value for name, value in wanted.items() if value is not None}

    def act(name: str) -> str:
        hub.hub("POST", *_POLICIES, body={"groups": [wanted]})
        return "set, from the next start on"

    output.each((group,), act, as_json=as_json)


def _grant(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text}: write GRANT=VALUE, for example cpu=2.")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError:
        raise click.UsageError(f"{text}: the value is no YAML.") from None


@policy.command()
@click.argument("groups", nargs=-1, required=True, metavar="GROUP...")
@output.as_json
@with_installation
def remove(site: Installation, groups: tuple[str, ...], as_json: bool) -> None:
    """Take policies away: what they said is as everybody has it, from the next start."""
    hub = client(site)
    known = {group["name"] for group in hub.hub("GET", *_POLICIES)["groups"]}

    def act(name: str) -> str:
        hub.hub("DELETE", *_POLICIES, name)
        return "no policy"

    output.each(exactly(groups, known, "policy"), act, as_json=as_json)


def _read(file: Path, site: Installation) -> list[GroupSettings]:
    parsed = parse(file.read_bytes(), file.name)
    if parsed.problems:
        raise Refused("\n".join(parsed.problems), remedy="Nothing was changed.")
    if not isinstance(parsed.value, dict) or set(parsed.value) != {"groups"}:
        raise Refused(
            f"{file.name} must have `groups` and nothing else at its top.",
            remedy="`labyard policy export` prints such a file.",
        )
    return checked(parsed.value["groups"], site.settings.labs.profiles, parsed.places)


def _row(group: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in _said(group).items() if name != "name"}
    grants = (
        yaml.safe_dump(said, default_flow_style=True, width=10_000).strip("{}\n") if said else ""
    )
    origin = "built in or settings" if group["locked"] else group["changed_by"]
    return {"name": group["name"], "grants": grants or "nothing", "origin": origin}


def _said(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name in GroupSettings.model_fields}
