"""Build the lab image, unless it is there already."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from labyard.images import base as bases
from labyard.images.client import Client, find
from labyard.images.recipe import DIGEST, Recipe, read

TAG = "labyard/lab:latest"
SOURCE = Path(__file__).parents[2]
# BuildKit's plain progress numbers each step: `#9 [lab 4/7] RUN ...`; podman says `STEP 4/7: RUN ...`.
_STEP = re.compile(r"(?:^#\d+ \[(?:[\w-]+ )?|^STEP )(\d+)/(\d+)[\]:]\s*(\w+)")
_PACKAGE = re.compile(r"Collecting ([\w.\[\]-]+)")
_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


class Bar(Protocol):
    """Shows how far the build is."""

    def __call__(self, detail: str) -> None:
        """Say what is being done now."""

    def advance(self, done: float, total: float) -> None:
        """Say how far it is."""


async def ensure(
    tag: str, kind: str, socket: str, bar: Bar, *, base: str = "", tools: Sequence[str] = ()
) -> bool:
    """Have the lab image as ``tag`` on the engine; return whether it had to be built.

    Parameters
    ----------
    kind, socket:
        ``docker`` or ``podman``, and its address.
    base:
        The image it goes on; empty for a Debian, pulled or made.
    tools:
        Web tools to put in: glances, tensorboard, mlflow.

    Raises
    ------
    EngineError
        When it cannot be built, with the end of what the builder said.
    Refused
        When a tool is not known.
    """
    client = find(kind, socket)
    listener = Listener(bar)
    recipe = read(SOURCE, await bases.ensure(client, base, listener), tools)
    if await client.label(tag, DIGEST) == recipe.digest:
        return False
    bar("building")
    await _build(client, tag, recipe, listener)
    return True


async def _build(client: Client, tag: str, recipe: Recipe, listener: Listener) -> None:
    secrets = certificate(os.environ)
    await client.run(
        "build",
        *(
            "--build-arg",
            f"BASE={recipe.base}",
            "--label",
            f"{DIGEST}={recipe.digest}",
            "--tag",
            tag,
        ),
        *(("--secret", f"id=ca,src={secrets}") if secrets else ()),
        *(("--progress", "plain") if "DOCKER_BUILDKIT" in client.environment else ()),
        "-",
        given=recipe.context(),
        said=listener,
    )


def certificate(environment: Mapping[str, str]) -> str:
    """Return the file of certificate authorities that this host's package index needs, or nothing."""
    return next((environment[name] for name in _CERTIFICATES if environment.get(name)), "")


class Listener:
    """Hears what a builder says and tells the bar what it means."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    def __call__(self, line: str) -> None:
        """Take one line of output."""
        if step := _STEP.search(line):
            done, total, what = int(step[1]), int(step[2]), step[3]
            self._bar.advance(done - 1, total)
            self._bar(f"step {done} of {total}: {what}")
        elif package := _PACKAGE.search(line):
            self._bar(f"installing {package[1]}")
        elif line.startswith(("making", "pulling", "I: ")):
            self._bar(line.removeprefix("I: "))
