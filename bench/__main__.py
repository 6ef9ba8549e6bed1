"""``python -m bench``: measure, then write ``bench/results.json`` and the page made from it."""

from __future__ import annotations

import argparse
import asyncio
import platform
import shutil
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.metadata import version
from os import sched_getaffinity

from bench import figures, rival
from bench.client import wait_healthy
from bench.ours import Ours
from bench.results import ROOT, Row, load, merged, met, save
from bench.sides import docker

MEASURES = {
    "second-start": figures.second_start,
    "hub-start": figures.hub_start,
    "crowd": figures.crowd,
}
_PROXY, _PAGES = "proxy", "pages"
FIGURES = [*MEASURES, _PROXY, _PAGES]
PLACE = ROOT / ".build/bench"


def main() -> int:
    """Measure what was asked for; return 1 when a figure could not be taken, and keep the others."""
    asked = _arguments()
    run = _described(datetime.now(UTC))
    failed: list[str] = []
    if wanted := [name for name in asked.figures if name in MEASURES]:
        try:
            failed += _beside_vanilla(wanted, asked, run)
        except Exception:
            traceback.print_exc()
            failed += wanted
    if _PROXY in asked.figures:
        failed += _take(_PROXY, _proxy_rows, run, asked.dry)
    if _PAGES in asked.figures:
        pages = partial(_page_rows, asked.users, asked.labs)
        failed += _take(_PAGES, pages, run, asked.dry)
    for name in failed:
        print(f"✘ {name} could not be measured.", file=sys.stderr)
    return 1 if failed else 0


def _beside_vanilla(wanted: Iterable[str], asked: argparse.Namespace, run: str) -> list[str]:
    """Bring both sides up and measure; return what failed."""
    failed: list[str] = []
    with ExitStack() as stack:
        sides = _both(stack)
        for name in wanted:
            measure = partial(MEASURES[name], sides, asked.rounds)
            if name == "crowd":
                measure = partial(measure, people=asked.people)
            failed += _take(name, measure, run, asked.dry)
    return failed


async def _proxy_rows() -> Iterable[Row]:
    rows: Iterable[Row] = await import_module("bench.proxy").run()
    return rows


async def _page_rows(users: int, labs: int) -> Iterable[Row]:
    pages = import_module("bench.pages")
    rows: Iterable[Row] = await pages.run(PLACE / "pages", users, labs)
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "figures",
        nargs="*",
        default=FIGURES,
        help=f"which: {', '.join(FIGURES)}; all without",
    )
    parser.add_argument("--rounds", type=int, default=8, help="measurements of each side")
    parser.add_argument("--people", type=int, default=figures.CROWD, help="how many are a crowd")
    parser.add_argument("--users", type=int, default=2000, help="how many people pages are for")
    parser.add_argument("--labs", type=int, default=200, help="how many of them have a running lab")
    parser.add_argument("--dry", action="store_true", help="write nothing, only print")
    asked = parser.parse_args()
    if unknown := set(asked.figures) - set(FIGURES):
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    return asked


def _both(stack: ExitStack) -> figures.Sides:
    """Bring up both sides, from nothing; they go when ``stack`` closes."""
    # The same places each time: what a run that was cut off left is found there.
    # Nobody else on this machine should have these ports and addresses.
    ours = Ours(PLACE / "ours", port=21800, block="10.191.0.0/17", label="tbench")
    vanilla = rival.Rival(
        PLACE / "rival", port=21810, subnet="10.191.192.0/24", label="tbenchrival"
    )
    for side in (ours, vanilla):
        print(f"· {side.name} comes up", file=sys.stderr, flush=True)
        side.down()
        shutil.rmtree(side.directory, ignore_errors=True)
        side.directory.mkdir(parents=True)
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
        beside = "" if one["rival"] is None else f" / {one['rival']} = {one['ratio']}"
        print(f"{mark} {one['figure']}: {one['ours']}{beside}", flush=True)
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
