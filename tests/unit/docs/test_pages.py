"""The documentation keeps to what is there: links, make targets, verbs, the generated document."""

import re
from pathlib import Path

import pytest

from labyard.cli import failures
from labyard.cli.main import VERBS
from labyard.cli.reference import render
from labyard.wiring import openapi
from tools import decisions

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda p: str(p.relative_to(ROOT))
)
LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
each_page = pytest.mark.parametrize("document", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


def anchors(document: Path) -> set[str]:
    """Return what a heading's link may be called, as forges make it."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@each_page
def test_links_lead_somewhere(document):
    for found in LINK.finditer(FENCE.sub("", document.read_text())):
        target, _, anchor = (found[1] or found[2]).partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        there = (document.parent / target).resolve() if target else document
        assert there.exists(), f"{target} is not there"
        assert ROOT in there.parents, f"{target} leads out of the tree"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{there.name} has no heading #{anchor}"


@each_page
def test_make_targets_exist(document):
    targets = set(
        re.findall(r"^([a-z-]+(?: [a-z-]+)*):(?!=)", (ROOT / "Makefile").read_text(), re.M)
    )
    known = {name for line in targets for name in line.split()}
    for target in re.findall(r"(?:`|^|\$ )make ([a-z-]+)", document.read_text(), re.MULTILINE):
        assert target in known, f"make {target}"


@each_page
def test_verbs_exist(document):
    for verb in re.findall(r"(?:`|^|\$ )labyard ([a-z]+)", document.read_text(), re.MULTILINE):
        assert verb in VERBS, f"labyard {verb}"


def test_every_verb_is_documented():
    document = (ROOT / "docs/reference/cli.md").read_text()
    for verb in VERBS:
        assert f"labyard {verb}" in document


def test_the_reference_page_is_what_the_commands_say():
    assert (ROOT / "docs/reference/cli.md").read_text() == render(), "run `make docs`"


def test_the_page_of_failures_is_what_the_causes_say():
    assert (ROOT / "docs/reference/failures.md").read_text() == failures.render(), "run `make docs`"


def test_every_operation_of_rest_is_described():
    """A method of REST says what it takes and answers: ``labyard.core.rest.operation``."""
    assert openapi.undescribed() == []


def test_the_openapi_document_is_what_the_routes_say():
    document = (ROOT / "docs/reference/openapi.json").read_text()
    assert document == openapi.written(), "run `make docs`"


def test_the_list_of_decisions_has_every_record():
    assert (ROOT / "docs/decisions/README.md").read_text() == decisions.render(), "run `make docs`"


def test_the_newcomers_commands_are_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert "make up" in readme
    assert "make test" in readme
