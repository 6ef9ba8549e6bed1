"""Build the lab image, unless it is there already."""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from labyard.images import access
from labyard.images import base as bases
from labyard.images.client import Client, find
from labyard.images.progress import Bar, Listener
from labyard.images.recipe import BASE, DIGEST, Recipe, read

TAG = "labyard/lab:latest"
SOURCE = Path(__file__).parents[2]


async def ensure(
    tag: str, kind: str, socket: str, bar: Bar, *, base: str = "", tools: Sequence[str] = ()
) -> bool:
    """Have the lab image as ``tag`` on the engine; return whether it had to be built.

    One build at a time on an account: who asks meanwhile waits, and finds it built.

    Parameters
    ----------
    kind, socket:
        ``docker`` or ``podman``, and its address.
    base:
        The image it goes on; empty for a Debian, pulled or made.
    tools:
        Web tools to put in, of ``recipe.TOOLS``.

    Raises
    ------
    EngineError
        When it cannot be built, with the end of what the builder said.
    Refused
        When a tool is not known.
    """
    recipe = read(SOURCE, tools)
    client = find(kind, socket)
    async with _turn():
        if await is_current(client, tag, recipe, base):
            return False
        listener = Listener(bar, recipe.packages)
        name = await bases.ensure(client, base, listener)
        bar("building")
        await _build(client, tag, recipe, name, listener)
    return True


async def is_current(client: Client, tag: str, recipe: Recipe, base: str = "") -> bool:
    """Return whether ``tag`` is what a build would make: of this recipe, on its base as it is now.

    A base that the engine no longer has says nothing against it.
    """
    labels = await client.labels(tag)
    name, _, identity = labels.get(BASE, "").rpartition("@")
    if labels.get(DIGEST) != recipe.digest or name not in _acceptable(base):
        return False
    return await client.image(name) in (None, identity)


def _acceptable(base: str) -> tuple[str, ...]:
    return (base,) if base else (bases.MADE, bases.DEFAULT)


async def _build(client: Client, tag: str, recipe: Recipe, base: str, listener: Listener) -> None:
    with tempfile.TemporaryDirectory(prefix="labyard-") as directory:
        context, private = Path(directory) / "context", Path(directory) / "secrets"
        private.mkdir(mode=0o700)
        recipe.write(context)
        labels = {DIGEST: recipe.digest, BASE: f"{base}@{await client.image(base)}"}
        with access.secrets(private) as secrets:
            options = build_options(tag, base, labels, secrets, access.proxies(os.environ))
            plain = ("--progress", "plain") if client.plain else ()
            await client.run("build", *options, *plain, str(context), said=listener)


def build_options(
    tag: str,
    base: str,
    labels: Mapping[str, str],
    secrets: Mapping[str, Path],
    proxies: Sequence[str],
) -> list[str]:
    """Return the options of ``docker build`` and ``podman build``. Pure.

    ``proxies`` are names of variables: the builder takes their values from its own environment.
    """
    return [
        *("--tag", tag, "--build-arg", f"BASE={base}"),
        *(word for name, value in labels.items() for word in ("--label", f"{name}={value}")),
        *(word for name in proxies for word in ("--build-arg", name)),
        *(word for id, file in secrets.items() for word in ("--secret", f"id={id},src={file}")),
    ]


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labyard"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "image.lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield
