"""``labyard image``: the image that labs are made from."""

from __future__ import annotations

import asyncio

import click

from labyard import wiring
from labyard.cli import output
from labyard.cli.progress import Bars
from labyard.cli.site import with_installation
from labyard.cli.whole import WholeHelp
from labyard.images.recipe import TOOLS
from labyard.wiring import Installation


@click.group(cls=WholeHelp)
def image() -> None:
    """Make the image that labs are made from."""


@image.command()
@click.option("--base", metavar="IMAGE", default="", help="Image to build on; a Debian by default.")
@click.option("--tag", metavar="IMAGE", default="", help="Name to give it.  [default: labs.image]")
@click.option(
    "--with",
    "tools",
    metavar="TOOL[,TOOL...]",
    default="",
    help=f"Web tools to put in besides those switched on in the settings: {', '.join(TOOLS)}.",
)
@with_installation
def build(site: Installation, base: str, tag: str, tools: str) -> None:
    """Build the lab image, unless it is there as it would be built now."""
    tag = tag or site.settings.labs.image
    chosen = [tool.strip() for tool in tools.split(",") if tool.strip()]
    with Bars() as bars, bars.step("Lab image") as bar:
        built = asyncio.run(wiring.build_image(site, bar, base=base, tag=tag, tools=chosen))
    output.say(f"{tag} {'was built' if built else 'is as it would be built now'}.")
