"""A site's folder with whatever settings a test writes into it."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from labyard.core.errors import SettingsError
from labyard.settings.load import Loaded, load


class Site:
    """A folder with a settings file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "labyard.yaml"

    def write(self, text: str, name: str = "labyard.yaml") -> None:
        path = self.file.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text))

    def load(self, text: str = "", environ: Mapping[str, str] | None = None) -> Loaded:
        if text:
            self.write(text)
        return load(self.file, environ or {})

    def problems(self, text: str = "", environ: Mapping[str, str] | None = None) -> list[str]:
        """Return what is wrong, line by line; fail when nothing is."""
        with pytest.raises(SettingsError) as refused:
            self.load(text, environ)
        return refused.value.message.split("\n")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)
