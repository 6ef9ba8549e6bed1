"""A lab's last words, as the hub reads them: strictly, and without trust."""

from __future__ import annotations

import json

import pytest

from labyard.core.lastwords import MOST_FACTS, MOST_TEXT, Code, parse


def test_the_last_line_of_ours_counts_among_others() -> None:
    log = 'noise\nlabyard: no-room: {"path": "/tmp"}\nlabyard: hub-unreachable: {"url": "u"}\nbye\n'
    said = parse(log)
    assert said is not None
    assert said.code is Code.HUB_UNREACHABLE


@pytest.mark.parametrize(
    "line",
    [
        "",
        "labyard: hub-unreachable",
        "labyard: unheard-of: {}",
        "says labyard: hub-unreachable: {}",
        "labyard: hub-unreachable: [1]",
        "labyard: HUB-UNREACHABLE: {}",
    ],
)
def test_anything_else_is_no_word(line: str) -> None:
    assert parse(line) is None


def test_facts_cannot_forge_a_line_or_break_a_page() -> None:
    said = parse("labyard: no-room: " + json.dumps({"path": "/tmp\n[E] forged\x1b[2J\udce9"}))
    assert said is not None
    path = str(said.facts["path"])
    assert path.isprintable()
    assert path.encode()


def test_facts_are_bounded_and_plain() -> None:
    many = {f"f{n}": "x" * 1000 for n in range(3)} | {f"g{n}": n for n in range(30)}
    said = parse("labyard: no-room: " + json.dumps(many)[:-1] + ', "nested": {"a": [1]}}')
    assert said is not None
    assert len(said.facts) <= MOST_FACTS
    assert {len(v) for v in said.facts.values() if isinstance(v, str)} <= {MOST_TEXT}
    assert parse("labyard: no-room: {broken}").facts == {}  # type: ignore[union-attr]
    nested = parse('labyard: no-room: {"a": {"b": 1}, "c": true, "d": null, "e": 2}')
    assert nested is not None
    assert nested.facts == {"e": 2}
