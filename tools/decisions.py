"""Writes ``docs/decisions/README.md``: the records by subject, from their headings and numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs/decisions"

# What explains most of the tree, in the order in which it is understood best.
FIRST = (1, 2, 42, 4, 21, 53, 62, 90, 110, 130)

# Numbers are handed out in tens to whoever works on a subject; what came later stands beside them.
SUBJECTS: Mapping[str, Sequence[int]] = {
    "Engines and networks": (1, 2, 3, 4, *range(40, 50), 93, 95, 125),
    "Labs, their image and its tools": (*range(30, 40), 113, 122, 124, *range(173, 176)),
    "Local processes": (80, 81),
    "Settings and names": range(10, 20),
    "Proxy, addresses and origins": (6, *range(20, 30), 161, 162, 176, 220, 221),
    "Sign-in, accounts and tokens": (*range(50, 60), 142, 150, 151, *range(210, 220), 222, 270),
    "Administration and REST": (*range(240, 260), 271),
    "Audit": range(230, 240),
    "Starts, and starts that fail": (*range(110, 113), *range(114, 120), *range(164, 167)),
    "What goes wrong in a running lab": (120, 121, 123, 170, 171),
    "Options, profiles and groups": (*range(90, 93), 94, *range(190, 200), 260, 261, 263),
    "Ends and notices": (*range(100, 110), 262),
    "Volumes, uploads and downloads": (*range(130, 140), *range(167, 170), 172, 264),
    "Pages": (*range(60, 70), 140, 141, 143, 152, 153, 163),
    "Commands and processes": range(70, 80),
    "Dependencies, tests and benchmarks": (5, 82, 160, *range(177, 185), 280),
}
OTHERS = "Others"


def titles() -> Mapping[int, tuple[str, str]]:
    """Return the records by number: each one's file and title."""
    found = {}
    for file in sorted(FOLDER.glob("[0-9]*.md")):
        heading = re.fullmatch(r"# (\d{4}) (.+)", file.read_text().splitlines()[0])
        if heading is None or not file.name.startswith(f"{heading[1]}-"):
            raise SystemExit(f"{file}: the first line is not '# {file.name[:4]} Title'.")
        found[int(heading[1])] = (file.name, heading[2])
    return found


def render() -> str:
    """Return the page."""
    records = titles()

    def row(number: int) -> str:
        file, title = records[number]
        return f"- [{number:04}]({file}) {title}"

    known = {number for numbers in SUBJECTS.values() for number in numbers}
    subjects = {**SUBJECTS, OTHERS: [number for number in records if number not in known]}
    lines = [
        "# Decisions",
        "",
        "What was decided, against what else, and what it costs: a screen each. A record says what held when",
        "it was written; where a later one changes it, it names that one. `make docs` writes this page.",
        "",
        "## The ten to read first",
        *(row(number) for number in FIRST),
    ]
    for subject, numbers in subjects.items():
        if there := sorted(set(numbers) & set(records)):
            lines += ["", f"## {subject}", *(row(number) for number in there)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (FOLDER / "README.md").write_text(render())
