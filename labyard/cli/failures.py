"""Writes ``docs/reference/failures.md`` from the causes: ``python -m labyard.cli.failures``."""

from __future__ import annotations

from collections.abc import Iterable

import click

from labyard.core.causes import CAUSES, Cause, During

_INTRO = """\
# Why labs fail

Made from `labyard/core/causes.py` by `make docs`; a test fails when it is stale.
What to do about a lab that does not start, step by step: [how-to](../howto/when-a-lab-does-not-start.md).
How each was brought about on a real engine: [how each cause was seen](failures-seen.md).

The code is the `error` of REST answers and the `reason` of JupyterHub's metric of spawns.
*Again* says whether the very same start may succeed next time; *change* is the option that *Change* leads to.
"""
_TITLES = {
    During.START: "While a lab starts",
    During.RUN: "While a lab runs",
}


def render() -> str:
    """Return the whole page."""
    return _INTRO + "".join(
        f"\n## {title}\n\n| code | what people read | how it is recognised | what to do | again | change |\n"
        f"|---|---|---|---|---|---|\n" + "".join(_row(cause) for cause in found)
        for during, title in _TITLES.items()
        if (found := [cause for cause in CAUSES if cause.during is during])
    )


def _row(cause: Cause) -> str:
    return _cells(
        f"`{cause.code}`",
        cause.title,
        cause.seen,
        cause.remedy,
        "yes" if cause.again else "no",
        cause.field,
    )


def _cells(*texts: str) -> str:
    return f"| {' | '.join(_escaped(texts))} |\n"


def _escaped(texts: Iterable[str]) -> Iterable[str]:
    return (text.replace("|", "\\|") for text in texts)


if __name__ == "__main__":
    click.echo(render(), nl=False)
