"""What a lab's entry says is what the hub understands."""

from __future__ import annotations

from labyard.core.lastwords import EXITS, Code, parse


def test_both_ends_agree() -> None:
    from labyard_lab import says

    assert {str(code): number for code, number in EXITS.items()} == says.EXITS
    assert set(EXITS) == set(Code)
    said = parse(says.line("token-refused", {"url": "http://hub", "status": 403}))
    assert said is not None
    assert (said.code, said.facts) == (Code.TOKEN_REFUSED, {"url": "http://hub", "status": 403})
