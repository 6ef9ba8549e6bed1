"""The environment that labs of the local engine run in: the lab image's packages, without the image.

It is made once for each state of the requirements, under a name that tells that state, and marked when
it is whole: one that was cut off is never used.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from labyard.core.errors import EngineError

ROOT = Path(__file__).parents[3]
REQUIREMENTS = Path("requirements/lab.txt")
PROGRAMS = Path("images/lab/labyard_lab")  # the lab's entry point, as in the image

# How pip names the package it is at: by name, or as a file of a local index.
_PACKAGE = re.compile(
    r"(?:Collecting|Processing|Requirement already satisfied:) (?:\S*/)?"
    r"([A-Za-z_][\w.]*(?:-[A-Za-z_][\w.]*)*)"
)
_ENTRY = """\
#!{python} -I
import runpy
runpy.run_module("labyard_lab", run_name="__main__", alter_sys=True)
"""


async def ensure(
    tools: Path, progress: Callable[[str], None] = lambda said: None, source: Path = ROOT
) -> Path:
    """Make ``tools`` the labs' environment and return the directory of its programs.

    ``tools`` becomes a link to the environment for the requirements as they are now: labs that run
    go on in theirs. ``progress`` hears what is being done, in a few words. ``source`` is the checkout
    with the locked requirements; each package is checked against its hash.

    Raises
    ------
    EngineError
        When it cannot be made, with the end of what the installer said.
    """
    place = tools.with_name(f"{tools.name}-{_digest(source)}")
    with _lock_file(tools) as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if not _whole(place).exists():
            await _make(place, source, progress)
        link = tools.with_name(f".{tools.name}")
        link.unlink(missing_ok=True)
        link.symlink_to(place.name)
        link.replace(tools)
    return tools / "bin"


def _lock_file(tools: Path) -> TextIO:
    tools.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    return tools.with_name(f"{tools.name}.lock").open("w")


def interpreter(euid: int, reachable: Callable[[Path], bool]) -> Path:
    """Return the Python for labs: ours, or Debian's where labs' own accounts cannot reach ours."""
    ours = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    if euid != 0 or reachable(ours):
        return ours
    return Path("/usr/bin/python3")


def open_to_all(path: Path) -> bool:
    """Return whether every account may pass through all that leads to ``path``."""
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)


def _digest(source: Path) -> str:
    """Return a word that changes with the requirements, the entry point and the interpreter."""
    digest = hashlib.sha256(str(interpreter(os.geteuid(), open_to_all)).encode())
    for file in _files(source):
        try:
            digest.update(file.read_bytes())
        except FileNotFoundError:
            raise EngineError(
                f"{file} is missing: labs of the local engine are made from a checkout.",
                remedy="Run Labyard from its checkout, or set engine.kind to docker.",
            ) from None
    return digest.hexdigest()[:16]


def _files(source: Path) -> Iterable[Path]:
    programs = [file for file in (source / PROGRAMS).rglob("*") if file.is_file()]
    return [source / REQUIREMENTS, *sorted(f for f in programs if f.suffix != ".pyc")]


async def _make(place: Path, source: Path, progress: Callable[[str], None]) -> None:
    progress("making the labs' environment")
    python = interpreter(os.geteuid(), open_to_all)
    # Without pip: Debian's Python has none to give. Ours installs what is needed.
    await _run([str(python), "-m", "venv", "--clear", "--without-pip", str(place)], progress)
    requirements = source / REQUIREMENTS
    await _run(
        [
            *(sys.executable, "-m", "pip", "--python", str(place / "bin/python"), "install"),
            *("--no-input", "--disable-pip-version-check", "--compile"),
            *("--require-hashes", "-r", str(requirements)),
        ],
        progress,
        total=len(re.findall(r"^[\w.-]+==", requirements.read_text(), re.MULTILINE)),
    )
    (packages,) = (place / "lib").glob("python3*/site-packages")
    programs = packages / PROGRAMS.name
    shutil.copytree(source / PROGRAMS, programs, ignore=shutil.ignore_patterns("__pycache__"))
    await _run([str(place / "bin/python"), "-m", "compileall", "-q", str(programs)], progress)
    entry = place / "bin/labyard-lab"
    entry.write_text(_ENTRY.format(python=place / "bin/python"))
    entry.chmod(0o755)
    _whole(place).touch()


async def _run(command: Sequence[str], progress: Callable[[str], None], total: int = 0) -> None:
    """Run one step, telling which of ``total`` packages it is at."""
    step = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, umask=0o022
    )
    assert step.stdout is not None  # noqa: S101
    said: deque[str] = deque(maxlen=25)
    seen = 0
    async for line in step.stdout:
        said.append(line.decode(errors="replace"))
        if match := _PACKAGE.match(said[-1]):
            seen += 1
            progress(f"{match[1]} ({min(seen, total)} of {total})")
        elif said[-1].startswith("Installing collected"):
            progress(f"installing {total} packages")
    if await step.wait():
        raise EngineError(
            f"The labs' environment could not be made:\n{''.join(said)}",
            remedy="See that a package index can be reached and the disk has room, then try again.",
        )


def _whole(place: Path) -> Path:
    return place / ".whole"
