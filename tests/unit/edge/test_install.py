from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labyard.edge import install

NODE = Path(__file__).parents[3] / "requirements" / "node"


def program(path: Path, says: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("version", "usable"),
    [("2.6.12-1", True), ("3.2.0", True), ("2.4.0", True), ("2.3.9", False), ("1.8", False)],
)
def test_an_haproxy_must_be_new_enough(tmp_path, monkeypatch, version, usable) -> None:
    program(tmp_path / "haproxy", f"HAProxy version {version} 2026/10/17 - https://haproxy.org/")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert install.haproxy_path() == (str(tmp_path / "haproxy") if usable else None)


def test_the_lock_has_hashes_and_no_registry() -> None:
    lock = json.loads((NODE / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert "node_modules/configurable-http-proxy" in packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
    assert not re.search(r"registry|_authToken", json.dumps(lock))
