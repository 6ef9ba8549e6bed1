"""What an image is made from, and the word that tells whether it is still the same. Pure."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labyard.core.errors import Refused

DIGEST = "org.labyard.recipe"
TOOLS = ("glances", "tensorboard", "mlflow")


@dataclass(frozen=True, slots=True)
class Recipe:
    """The build context, file by file, and the base it goes on."""

    base: str
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """Return a word that changes with anything that the image is made from."""
        digest = hashlib.sha256(self.base.encode())
        for name in sorted(self.files):
            digest.update(f"\0{name}\0{len(self.files[name])}\0".encode())
            digest.update(self.files[name])
        return digest.hexdigest()[:16]

    def context(self) -> bytes:
        """Return the build context as a tar that is the same for the same files."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name in sorted(self.files):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(self.files[name]), 0o644
                tar.addfile(entry, io.BytesIO(self.files[name]))
        return buffer.getvalue()


def read(source: Path, base: str, tools: Sequence[str] = ()) -> Recipe:
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
    files = {name: (lab / name).read_bytes() for name in ("Dockerfile", "labyard-lab")}
    for path in sorted((lab / "labyard_lab").rglob("*.py")):
        files[str(path.relative_to(lab))] = path.read_bytes()
    for name in ("lab", *(f"lab-{tool}" for tool in sorted(set(tools)))):
        files[f"requirements/{name}.txt"] = (source / f"requirements/{name}.txt").read_bytes()
    return Recipe(base, files)
