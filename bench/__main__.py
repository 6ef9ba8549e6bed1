"""``python -m bench``: measure, then write ``bench/results.json`` and the page made from it."""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable, Coroutine, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.metadata import version
from os import sched_getaffinity
from pathlib import Path

from bench import figures, rival
from bench.client import wait_healthy
from bench.ours import Ours
from bench.results import Row, load, merged, met, save
from bench.sides import docker

MEASURES = {
    "second-start": figures.second_start,
    "hub-start": figures.hub_start,
    "crowd": figures.crowd,
}
_PROXY = "proxy"


def main() -> int:
    """Measure what was asked for; return 1 when a figure could not be taken, and keep the others."""
    asked = _arguments()
    failed: list[str] = []
    now = datetime.now(UTC)
    if asked.figures != [_PROXY]:
        with ExitStack() as stack:
            sides = _both(stack)
            run = _described(now)
            for name in (n for n in asked.figures if n in MEASURES):
                measure = MEASURES[name]
                failed += _take(name, partial(measure, sides, asked.rounds), run, asked.dry)
    if _PROXY in asked.figures:
        proxy = import_module("bench.proxy")
        failed += _take(_PROXY, proxy.run, _described(now), asked.dry)
    for name in failed:
        print(f"✘ {name} could not be measured.", file=sys.stderr)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "figures",
        nargs="*",
        default=[*MEASURES, _PROXY],
        help=f"which: {', '.join([*MEASURES, _PROXY])}; all without",
    )
    parser.add_argument("--rounds", type=int, default=8, help="measurements of each side")
    parser.add_argument("--dry", action="store_true", help="write nothing, only print")
    asked = parser.parse_args()
    if unknown := set(asked.figures) - {*MEASURES, _PROXY}:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    return asked


def _both(stack: ExitStack) -> figures.Sides:
    """Bring up both sides, from nothing; they go when ``stack`` closes."""
    place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="labyard-bench-")))
    # Nobody else on this machine should have these ports and addresses.
    ours = Ours(place / "ours", port=21800, block="10.191.0.0/17", label="tbench")
    vanilla = rival.Rival(
        place / "rival", port=21810, subnet="10.191.192.0/24", label="tbenchrival"
    )
    for side in (ours, vanilla):
        print(f"· {side.name} comes up", file=sys.stderr, flush=True)
        side.directory.mkdir()
        side.down()  # what a run that was cut off left
        stack.callback(side.down)
        side.up()
        asyncio.run(wait_healthy(side.url))
    return ours, vanilla


def _take(
    name: str, measure: Callable[[], Coroutine[None, None, Iterable[Row]]], run: str, dry: bool
) -> list[str]:
    """Measure and keep the rows; return the name when that failed."""
    print(f"· {name}", file=sys.stderr, flush=True)
    try:
        rows: list[Row] = [{"run": run, **one} for one in asyncio.run(measure())]
    except Exception:
        traceback.print_exc()
        return [name]
    for one in rows:
        mark = "✔" if met(one) else "✘"
        print(
            f"{mark} {one['figure']}: {one['ours']} / {one['rival']} = {one['ratio']}", flush=True
        )
    if not dry:
        save(merged(load(), rows))
    return []


def _described(now: datetime) -> str:
    """Return when and on what this is run, in words."""
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    engine = docker("version", "--format", "{{.Server.Version}}").strip()
    cores = len(sched_getaffinity(0))
    return (
        f"on {now:%Y-%m-%d %H:%M} UTC: {system}, {cores} cores, Linux {platform.release()}, "
        f"Docker {engine}, Python {platform.python_version()}; Labyard {version('labyard')} beside "
        f"{rival.versions()}"
    )


if __name__ == "__main__":
    sys.exit(main())
