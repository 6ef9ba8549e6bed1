"""What an installation remembers between one ``labyard up`` and the next."""

from pathlib import Path

import pytest

from labyard.core.errors import LabyardError
from labyard.wiring import Choices, Installation


def here(folder: Path, settings: str = "") -> Installation:
    (folder / "labyard.yaml").write_text(settings)
    site = Installation.here(folder / "labyard.yaml")
    site.paths.make()
    return site


def test_what_up_chose_is_kept_and_private(tmp_path: Path) -> None:
    site = here(tmp_path)
    with pytest.raises(LabyardError, match="never started"):
        site.choices  # noqa: B018
    made = Choices("docker", "unix:///var/run/docker.sock", "haproxy", "10.177.255.254")
    site.choose(made)
    assert here(tmp_path).choices == made
    assert (site.paths.data / "choices.json").stat().st_mode & 0o077 == 0


def test_it_is_told_when_the_settings_are_others_than_the_hubs(tmp_path: Path) -> None:
    site = here(tmp_path)
    assert not site.changed
    site.note_start()
    assert not here(tmp_path, "# a comment changes nothing\n").changed
    assert here(tmp_path, "labs: {memory: 8G}").changed
    assert not here(tmp_path, "labs: {memory: 4G}").changed
