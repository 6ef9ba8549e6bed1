"""Keys made by OpenSSH itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def make_key(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a pair; return the private key's file, with the public one beside it."""
    directory = tmp_path_factory.mktemp("keys")

    def make(name: str, *options: str, comment: str = "anna@desk") -> Path:
        file = directory / name
        if not file.exists():
            subprocess.run(
                ["ssh-keygen", "-q", "-N", "", "-C", comment, "-f", file, *options], check=True
            )
        return file

    return make
