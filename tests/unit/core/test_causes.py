"""The table of causes: each whole, each told apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labyard.core import causes
from labyard.core.causes import BY_CODE, CAUSES, NO_IMAGE, Cause
from labyard.core.errors import EngineError


def test_codes_and_titles_are_told_apart() -> None:
    assert len(BY_CODE) == len(CAUSES) == len({cause.title for cause in CAUSES})


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.code)
def test_a_cause_is_whole(cause: Cause) -> None:
    assert not cause.title.endswith(".")
    assert cause.seen.endswith(".")
    assert cause.remedy.endswith(".")


def test_an_error_with_a_cause_says_what_why_and_what_to_do() -> None:
    error = EngineError("The registry has no a/b:1.", cause=NO_IMAGE)
    assert error.code == "no-image"
    assert error.message == "There is no such image. The registry has no a/b:1."
    assert error.why == "The registry has no a/b:1."
    assert error.remedy == NO_IMAGE.remedy
    assert EngineError("x", cause=NO_IMAGE, remedy="Do this.").remedy == "Do this."


ROOT = Path(__file__).parents[3]
SEEN = re.compile(r"^\| `([a-z-]+)` \| `([a-z_/.]+)(?:::(\w+))?` \| .+ \|$", re.MULTILINE)


def test_each_cause_is_named_by_somebody() -> None:
    constants = {name for name, value in vars(causes).items() if isinstance(value, Cause)}
    code = "".join(
        path.read_text() for path in (ROOT / "labyard").rglob("*.py") if path.name != "causes.py"
    )
    assert {name for name in constants if not re.search(rf"\b{name}\b", code)} == set()


def test_each_cause_is_brought_about_by_the_test_that_the_reference_names() -> None:
    rows = SEEN.findall((ROOT / "docs/reference/failures-seen.md").read_text())
    assert {code for code, *_ in rows} == BY_CODE.keys()
    for code, file, test in rows:
        text = (ROOT / file).read_text()
        assert not test or f"def {test}(" in text, (code, test)
