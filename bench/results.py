"""The rows of the benchmark: merged by figure into one file, and rendered as a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench/results.json"
PAGE = ROOT / "docs/reference/benchmarks.md"

# ``of`` says what the target is for: the ratio, or our own figure as it stands.
KEYS = ("figure", "ours", "rival", "ratio", "target", "better", "n", "run")
Row = Mapping[str, Any]


def row(
    figure: str,
    ours: float,
    rival: float,
    *,
    target: float,
    n: int,
    better: str = "lower",
    of: str = "ratio",
) -> Row:
    """Return one row. ``ratio`` is ours to the rival's, whichever is better."""
    return {
        "figure": figure,
        "ours": round(ours, 4),
        "rival": round(rival, 4),
        "ratio": round(ours / rival, 3),
        "target": target,
        "better": better,
        "of": of,
        "n": n,
    }


def alone(figure: str, ours: float, *, target: float, n: int, better: str = "lower") -> Row:
    """Return a row without a rival: the target is for our own figure."""
    return {
        "figure": figure,
        "ours": round(ours, 4),
        "rival": None,
        "ratio": None,
        "target": target,
        "better": better,
        "of": "ours",
        "n": n,
    }


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """Return the rows of both; a figure measured anew takes its old place."""
    rows = {one["figure"]: one for one in old}
    rows.update({one["figure"]: one for one in new})
    return list(rows.values())


def met(one: Row) -> bool:
    """Return whether a row reaches its target."""
    value, target = one[one.get("of", "ratio")], one["target"]
    return bool(value <= target if one["better"] == "lower" else value >= target)


def load(path: Path = RESULTS) -> list[Row]:
    """Return the rows of a file; none when it is not there."""
    if not path.exists():
        return []
    rows: list[Row] = json.loads(path.read_text())
    return rows


def save(rows: Iterable[Row], results: Path = RESULTS, page: Path = PAGE) -> None:
    """Write rows, and the page that shows them."""
    rows = list(rows)
    results.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(rendered(rows))


def rendered(rows: Iterable[Row]) -> str:
    """Return the page: a table for each run, and how it was run."""
    by_run: dict[str, list[Row]] = {}
    for one in rows:
        by_run.setdefault(str(one["run"]), []).append(one)
    tables = [_table(run, those) for run, those in by_run.items()]
    return "\n".join([_HEAD, *(tables or ["Not measured yet.\n"]), _FOOT])


def _table(run: str, rows: list[Row]) -> str:
    lines = [
        f"Measured {run}.",
        "",
        "| figure | Labyard | rival | ratio | target | met | n |",
        "|---|--:|--:|--:|--:|:-:|--:|",
    ]
    for one in rows:
        sign = "≤" if one["better"] == "lower" else "≥"
        what = "" if one.get("of", "ratio") == "ratio" else " (Labyard)"
        lines.append(
            f"| {one['figure']} | {_show(one['ours'])} | {_show(one['rival'])} | {_ratio(one)} "
            f"| {sign} {one['target']:g}{what} | {'✔' if met(one) else '✘'} | {one['n']} |"
        )
    return "\n".join(lines) + "\n"


def _ratio(one: Row) -> str:
    return "–" if one["ratio"] is None else f"{one['ratio']:.2f}"


def _show(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


_HEAD = """\
# Benchmarks

<!-- Written by `make bench` from bench/results.json. -->

Labyard beside its rival on the same machine, in the same run, taking turns. Figures are medians of
*n*. Seconds differ from machine to machine and from hour to hour; the ratio is what counts, and it is
what the targets are for, where they do not say otherwise.
"""

_FOOT = """\
## How it is run

`make bench` needs root and a Docker engine, takes about 25 minutes and removes all it made. Nothing
else should run on the machine meanwhile. `python -m bench --help` tells how to run one figure.

The rival is JupyterHub with DockerSpawner and configurable-http-proxy, set up as their guides say
(`bench/vanilla`): its lab image is made by a plain `pip install` on the base of Labyard's own, labs
join one network, and the hub's back-off, probes and probes' times are the defaults. The proxy runs as
a process of its own on both sides. Labyard is what `labyard up` makes, with default settings but for
its ports, its address block and its time limit for starts.

- **second start**: a person with volumes starts their lab. From sending the request until
  `/user/<name>/api` answers 200 through the proxy; both sides are asked by the same client.
- **readiness noticed**: from the first connection that the lab's port accepts, tried every 4 ms from
  this host, until that answer.
- **20 starts at once**: 20 people start at the same moment, until the last of them is served.
- **hub cold start**: from starting the hub's process until `/hub/health` answers through the proxy.
- **home, users, a user, why?, groups**: a hub with 2,000 users in its database and 200 running labs,
  which are processes of the local engine that answer every request with nothing; started, polled and
  surveyed like any other. Pages are asked for one after another through the proxy, each home by another
  of the 200 people; the time is until the last byte. JupyterHub's admin page is
  the page and the first users its script asks for.
- **home usable**: Chromium with an empty cache and its processor slowed four times by its own developer
  protocol: until the page's scripts have run and its last long task is over, in one second of quiet after.
- **proxy**: 1,000 routes in it, 32 connections; the rival of the file rows is the server behind it,
  asked directly.
"""
