#!/usr/bin/env python3
"""Runs test suites one after the other and sums them up: ``suites.py check unit contract ...``.

``SKIP=browser,podman`` switches off suites, or tests with that word in their name, by name. A test
that skipped itself for want of something is a failure: it was asked for.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".build/reports"
# Tests of these suites share nothing, or only within a file or a group. An engine keeps its process
# waiting more than busy, so all of them run at once: the slowest says how long the suite takes.
# Files are handed out in the order of tests/tools/order.py, the longest first.
FILES = ("--dist", "loadfile", "--no-loadscope-reorder")
PARALLEL = {
    "unit": ("-n", "auto", *FILES),
    "contract": ("-n", "4", "--dist", "loadscope"),
    "integration": ("-n", "4", *FILES),
    "browser": ("-n", "2", *FILES),
    "faults": ("-n", "3", *FILES),
}
# What is no suite of tests but a target of the Makefile.
TARGETS = {"check": "check", "parts": "test-parts"}

# These run at once. The lab image comes over the network while what needs none is tested; the engines'
# contract waits for Podman most of its time, and the faults for an engine that is away.
TOGETHER = (
    {"parts", "check", "unit"},
    {"contract", "integration"},
    {"browser", "faults"},
)
# Suites that run at once hand out ports and address blocks of their own (tests/tools/places.py).
LANE = "LABYARD_TEST_LANE"


@dataclass
class Result:
    """What came of one suite."""

    suite: str
    code: int
    seconds: float
    counts: Counter[str] = field(default_factory=Counter)
    unasked: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Return whether every test that was asked for passed."""
        return self.code == 0 and not self.unasked


def command(suite: str, off: set[str]) -> list[str]:
    """Return the call for a suite, without the tests that were switched off."""
    if suite in TARGETS:
        return ["make", "--no-print-directory", TARGETS[suite]]
    call = [sys.executable, "-m", "pytest", f"tests/{suite}", "-q", "--durations=5"]
    call += [f"--junitxml={REPORTS / suite}.xml", *PARALLEL.get(suite, ())]
    if off:
        call += ["-k", " and ".join(f"not {name}" for name in sorted(off))]
    return call


def environment(lane: int) -> dict[str, str]:
    """Return what a suite in ``lane`` finds set. Hundreds of processes import Labyard: once compiled."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, LANE: str(lane)}


def run(suite: str, off: set[str], lane: int = 0) -> Result:
    """Run one suite. In any but the first ``lane`` what it says is told at its end."""
    report = REPORTS / f"{suite}.xml"
    report.unlink(missing_ok=True)
    began = time.monotonic()
    if lane == 0:
        print(f"\n━━ {suite} ━━", flush=True)
    done = subprocess.run(
        command(suite, off),
        cwd=ROOT,
        env=environment(lane),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if lane else None,
        stderr=subprocess.STDOUT if lane else None,
        text=True,
        check=False,
    )
    if lane:
        print(f"\n━━ {suite} ━━\n{done.stdout}", flush=True)
    result = Result(suite, done.returncode, time.monotonic() - began)
    if report.is_file():
        result.counts, result.unasked = read(report.read_text())
    return result


def side_by_side(suites: list[str]) -> list[list[str]]:
    """Return the suites in the order they run; those that stand together run at once."""
    rows: list[list[str]] = []
    for suite in suites:
        if rows and any({*rows[-1], suite} <= together for together in TOGETHER):
            rows[-1].append(suite)
        else:
            rows.append([suite])
    return rows


def read(report: str) -> tuple[Counter[str], list[str]]:
    """Return the outcomes in a JUnit report, and the tests that skipped themselves with why."""
    counts: Counter[str] = Counter()
    unasked = []
    for case in ElementTree.fromstring(report).iter("testcase"):
        outcomes = {child.tag: child for child in case}
        kind = next((k for k in ("failure", "error", "skipped") if k in outcomes), "passed")
        if kind == "skipped" and outcomes[kind].get("type") == "pytest.xfail":
            kind = "xfailed"
        counts[kind] += 1
        if kind == "skipped":
            unasked.append(f"{case.get('name')}: {outcomes[kind].get('message', '')}")
    return counts, unasked


def summary(results: list[Result], off: set[str], seconds: float) -> str:
    """Return the table and the last line, in pytest's words."""
    lines = ["", "━━ summary ━━"]
    total: Counter[str] = Counter()
    for r in results:
        total.update(r.counts)
        what = ", ".join(f"{n} {kind}" for kind, n in sorted(r.counts.items()))
        what = what or ("done" if r.good else "failed")
        lines.append(f"{'✔' if r.good else '✘'} {r.suite:<12} {what} in {r.seconds:.0f} s")
        lines += [f"    could not run {test}" for test in r.unasked]
    if off:
        lines.append(f"  switched off by name: {', '.join(sorted(off))}")
    broken = sum(not r.good and not (r.counts["failure"] or r.counts["error"]) for r in results)
    failed = total["failure"] + total["error"] + broken
    lines.append(f"{failed} failed, {total['passed']} passed in {seconds:.2f}s")
    return "\n".join(lines)


def main(suites: list[str]) -> int:
    """Run ``suites`` and return the exit code."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    off = {name.strip() for name in os.environ.get("SKIP", "").split(",") if name.strip()}
    began, results = time.monotonic(), []
    with ThreadPoolExecutor() as pool:
        for row in side_by_side([suite for suite in suites if suite not in off]):
            jobs = [pool.submit(run, suite, off, lane) for lane, suite in enumerate(row)]
            results += [job.result() for job in jobs]
            if any(r.suite == "parts" and not r.good for r in results):
                break  # all that follows would only say so in other words
    print(summary(results, off, time.monotonic() - began), flush=True)
    return 0 if all(r.good for r in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
