"""The lab's own package is not installed here: it is found in the image's sources."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _lab_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "images/lab"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "labyard_lab"]:
        monkeypatch.delitem(sys.modules, name)
