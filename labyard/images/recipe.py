"""What an image is made from, and the word that tells whether it is still the same. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labyard.core.errors import Refused

DIGEST = "org.labyard.recipe"
BASE = "org.labyard.base"
TOOLS = ("glances", "tensorboard", "mlflow", "vscode")

_PINNED = re.compile(rb"^([\w.-]+)==", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The build context, file by file."""

    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """Return a word that changes with anything in the context."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(f"{name}\0{len(self.files[name])}\0".encode())
            digest.update(self.files[name])
        return digest.hexdigest()[:16]

    @property
    def packages(self) -> int:
        """Return how many packages are installed, about."""
        pins = (_PINNED.findall(content) for name, content in self.files.items() if _locked(name))
        return len({name for names in pins for name in names})

    def write(self, directory: Path) -> None:
        """Write the build context; it is the same for the same files."""
        for name, content in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o644)


def read(source: Path, tools: Sequence[str] = ()) -> Recipe:
    """Return the recipe in a checkout, with web tools added.

    Raises
    ------
    Refused
        When a tool is not known.
    """
    if unknown := [tool for tool in tools if tool not in TOOLS]:
        raise Refused(
            f"There is no web tool called {unknown[0]!r}.", remedy=f"There are: {', '.join(TOOLS)}."
        )
    lab = source / "images/lab"
    files = {
        str(path.relative_to(lab)): path.read_bytes()
        for path in sorted(lab.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }
    for name in ("lab", *(f"lab-{tool}" for tool in sorted(set(tools)))):
        for path in _locks(source / "requirements", name):
            files[str(path.relative_to(source))] = path.read_bytes()
    return Recipe(files)


def _locks(requirements: Path, name: str) -> Sequence[Path]:
    """Return what locks the packages of ``name``: one file, or a directory for those of several kinds."""
    directory = requirements / name
    kept = {".txt", ".json"}
    if directory.is_dir():
        return [path for path in sorted(directory.iterdir()) if path.suffix in kept]
    return [requirements / f"{name}.txt"]


def _locked(name: str) -> bool:
    return name.startswith("requirements/")
