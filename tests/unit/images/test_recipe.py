"""An image's recipe is everything it is made from, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from labyard.core.errors import Refused
from labyard.images.recipe import TOOLS, read

ROOT = Path(__file__).parents[3]
# Of what labs have in Python's own packages, and of the Node.js that VS Code runs on.
LOCKS = ["lab", "lab-glances", "lab-tensorboard", "lab-mlflow", "lab-vscode/node"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "images/lab", tmp_path / "images/lab")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "images/lab/Dockerfile",
        "images/lab/setup/packages",
        "images/lab/labyard_lab/__main__.py",
        "images/lab/labyard_lab/lazy_iri.py",
        "images/lab/labyard_lab/config/jupyter_server_config.py",
        "requirements/lab.txt",
    ],
)
def test_a_change_to_any_source_changes_the_digest(checkout: Path, name: str) -> None:
    before = read(checkout).digest
    with (checkout / name).open("a") as file:
        file.write("\n# another\n")
    assert read(checkout).digest != before


def test_what_a_lab_does_not_have_does_not_matter(checkout: Path) -> None:
    before = read(checkout).digest
    (checkout / "requirements/hub.txt").write_text("other")
    (checkout / "requirements/lab-mlflow.txt").write_text("other")
    (checkout / "images/lab/labyard_lab/__pycache__").mkdir(exist_ok=True)
    (checkout / "images/lab/labyard_lab/__pycache__/home.cpython-311.pyc").write_bytes(b"x")
    assert read(checkout).digest == before


def test_moving_a_byte_from_one_file_to_the_next_changes_the_digest(checkout: Path) -> None:
    home, keep = (checkout / "images/lab/labyard_lab" / n for n in ("home.py", "keep.py"))
    before, text = read(checkout).digest, keep.read_text()
    home.write_text(home.read_text() + text[0])
    keep.write_text(text[1:])
    assert read(checkout).digest != before


def test_tools_bring_their_packages_whatever_their_order(checkout: Path) -> None:
    both = read(checkout, ["tensorboard", "glances", "glances"])
    assert {"requirements/lab-glances.txt", "requirements/lab-tensorboard.txt"} <= set(both.files)
    assert both.digest == read(checkout, ["glances", "tensorboard"]).digest
    assert both.digest != read(checkout, ["glances"]).digest
    assert both.packages > read(checkout).packages > 100


def test_an_unknown_tool_is_refused_by_name(checkout: Path) -> None:
    with pytest.raises(Refused, match=r"'tensorbord'.*glances, tensorboard, mlflow, vscode"):
        read(checkout, ["tensorbord"])


def test_every_tool_has_its_lock_and_its_entry_in_the_lab() -> None:
    from labyard_lab import tools, vscode

    assert {*tools.TOOLS, vscode.NAME} == set(TOOLS)
    for tool in TOOLS:
        added = set(read(ROOT, [tool]).files) - set(read(ROOT).files)
        assert added
        assert all(name.startswith(f"requirements/lab-{tool}") for name in added)


def test_what_code_server_is_made_of_is_locked() -> None:
    locked = json.loads((ROOT / "requirements/lab-vscode/package-lock.json").read_text())
    assert all("integrity" in each for name, each in locked["packages"].items() if name)
    assert not any("resolved" in each for each in locked["packages"].values())


def test_the_context_is_written_as_it_was_read(checkout: Path, tmp_path: Path) -> None:
    recipe = read(checkout)
    recipe.write(tmp_path / "context")
    written = (tmp_path / "context").rglob("*")
    assert {
        str(p.relative_to(tmp_path / "context")): p.read_bytes() for p in written if p.is_file()
    } == recipe.files


@pytest.mark.parametrize("name", LOCKS)
def test_locks_have_hashes_and_no_addresses(name: str) -> None:
    lock = (ROOT / f"requirements/{name}.txt").read_text()
    assert "://" not in lock
    assert "--index-url" not in lock
    packages = [line for line in lock.splitlines() if "==" in line and not line.startswith(" ")]
    assert packages
    assert all(line.endswith("\\") for line in packages)


def test_tools_agree_with_the_lab_on_every_version() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / f"requirements/{name}.txt").read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and not line.startswith(" ")}

    ours = pins("lab")
    names = {pin.partition("==")[0] for pin in ours}
    for lock in LOCKS:
        assert {p for p in pins(lock) if p.partition("==")[0] in names} <= ours
