"""A real environment from real requirements, small ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labyard.core.errors import EngineError
from labyard.engines.local.install import ROOT, ensure, interpreter, open_to_all
from labyard.engines.local.spec import home


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A checkout in small: one package, and an entry point that says where it runs."""
    source = tmp_path / "source"
    (source / "requirements").mkdir(parents=True)
    (source / "images/lab/labyard_lab").mkdir(parents=True)
    (source / "requirements/lab.txt").write_text((ROOT / "requirements/build.txt").read_text())
    (source / "images/lab/labyard_lab/__init__.py").touch()
    say = "import setuptools, sys; print(sys.prefix)"
    (source / "images/lab/labyard_lab/__main__.py").write_text(say)
    return source


def said_by(programs: Path) -> str:
    return subprocess.check_output([programs / "labyard-lab"], text=True).strip()


async def test_the_environment_is_made_once_and_anew_when_the_requirements_change(
    root: Path, source: Path
) -> None:
    told: list[str] = []
    programs = await ensure(root / "tools", told.append, source)
    first = (root / "tools").resolve()
    assert said_by(programs) == str(first)
    assert any(word.startswith("setuptools") for word in told)

    await ensure(root / "tools", pytest.fail, source)

    with (source / "requirements/lab.txt").open("a") as lock:
        lock.write("# changed\n")
    await ensure(root / "tools", told.append, source)
    second = (root / "tools").resolve()
    assert said_by(programs) == str(second) != str(first)
    assert first.exists()  # labs that run go on in it


async def test_an_environment_that_was_cut_off_is_not_used(root: Path, source: Path) -> None:
    lock = source / "requirements/lab.txt"
    good = lock.read_text()
    lock.write_text(good.replace("sha256:", "sha256:" + "0" * 8)[: len(good) + 8])
    with pytest.raises(EngineError, match="could not be made"):
        await ensure(root / "tools", source=source)
    assert not (root / "tools").exists()


async def test_without_a_checkout_it_says_so(root: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="checkout"):
        await ensure(root / "tools", source=tmp_path)


def test_labs_of_root_get_a_python_that_their_accounts_can_reach(tmp_path: Path) -> None:
    ours = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    assert interpreter(1000, lambda path: False) == ours
    assert interpreter(0, lambda path: True) == ours
    assert interpreter(0, lambda path: False) == Path("/usr/bin/python3")
    assert open_to_all(Path("/usr/bin/python3"))
    (tmp_path / "closed").mkdir(mode=0o700)
    assert not open_to_all(tmp_path / "closed/python")


def test_labs_of_root_live_where_every_account_can_reach() -> None:
    assert home(Path("/root/labyard/var/local"), "yard", 1000) == Path("/root/labyard/var/local")
    assert home(Path("/root/labyard/var/local"), "yard", 0) == Path("/var/lib/labyard/yard")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs labs as others")
async def test_every_account_can_run_what_is_there(root: Path, source: Path) -> None:
    programs = await ensure(root / "tools", source=source)
    done = subprocess.run(  # noqa: ASYNC221
        [programs / "labyard-lab"], user=65534, group=65534, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
