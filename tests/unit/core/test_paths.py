"""The directories of an installation are private, whoever made them."""

import os
import stat
from pathlib import Path

import pytest

from labyard.core.errors import SettingsError
from labyard.core.paths import Paths


def test_directories_that_were_there_before_are_closed(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "var")
    paths.secrets.mkdir(parents=True, mode=0o777)
    paths.make()
    for directory in (paths.data, paths.secrets, paths.run, paths.locks, paths.logs, paths.edge):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700, directory


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "var")
    paths.secrets.mkdir(parents=True)
    os.chown(paths.secrets, 65534, 65534)
    with pytest.raises(SettingsError, match="belongs to another account"):
        paths.make()
