"""A client that can build is found, whatever comes first in PATH."""

from __future__ import annotations

from pathlib import Path

import pytest

from labyard.core.errors import EngineError
from labyard.images import client


@pytest.mark.parametrize(
    ("buildx", "version", "able"),
    [
        ("", "Docker version 28.2.2, build e6534b4", False),
        ("github.com/docker/buildx v0.20.0", "Docker version 28.2.2, build e6534b4", True),
        ("", "Docker version 20.10.24+dfsg1, build 297e128", True),
        ("", "podman version 4.3.1", False),
        ("", "", False),
    ],
)
def test_a_client_builds_with_buildx_or_before_version_23(
    buildx: str, version: str, able: bool
) -> None:
    assert client.builds(buildx, version) is able


def _program(path: Path, version: str, buildx: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    buildx_answer = f"echo '{buildx}'" if buildx else "exit 1"
    path.write_text(
        f"#!/bin/sh\ncase $1 in buildx) {buildx_answer};; --version) echo '{version}';; esac\n"
    )
    path.chmod(0o755)
    return path


def test_one_that_cannot_build_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = _program(tmp_path / "new/docker", "Docker version 28.2.2, build e6534b4")
    old = _program(tmp_path / "old/docker", "Docker version 20.10.24, build 297e128")
    monkeypatch.setenv("PATH", f"{new.parent}:{old.parent}:/bin")
    assert client.find("docker", "unix:///x.sock") == client.Client(
        (str(old),), {"DOCKER_BUILDKIT": "1", "DOCKER_HOST": "unix:///x.sock"}
    )


def test_without_any_the_remedy_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = _program(tmp_path / "docker", "Docker version 28.2.2, build e6534b4")
    monkeypatch.setattr(client, "_DEBIAN", str(tmp_path / "nothing"))
    monkeypatch.setenv("PATH", str(new.parent))
    with pytest.raises(EngineError, match=r"docker\.io"):
        client.find("docker", "")
    with pytest.raises(EngineError, match="podman is not installed"):
        client.find("podman", "")


def test_podman_is_led_to_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    podman = _program(tmp_path / "podman", "podman version 4.3.1")
    monkeypatch.setenv("PATH", str(podman.parent))
    assert client.find("podman", "unix:///p.sock").command == ("podman", "--url", "unix:///p.sock")


async def test_a_failure_tells_the_end_of_what_was_said() -> None:
    heard: list[str] = []
    script = "for i in $(seq 40); do echo line $i; done; echo the cause >&2; exit 3"
    with pytest.raises(EngineError, match="the cause") as caught:
        await client.run(("/bin/sh", "-c", script), heard.append)
    assert heard[0] == "line 1"
    assert "line 1\n" not in str(caught.value)
