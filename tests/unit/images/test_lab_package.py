"""The lab's own program: its secrets, its home, its tools."""

from __future__ import annotations

import http.client
import json
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.tools.person import eventually
from tests.tools.places import free_ports

LAB = Path(__file__).parents[3] / "images/lab"


def test_secrets_are_read_from_a_file_that_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labyard_lab import __main__ as entry

    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "old")
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"JUPYTERHUB_API_TOKEN": "new"}))
    entry.take_secrets(file)
    assert os.environ["JUPYTERHUB_API_TOKEN"] == "new"
    assert file.exists()


def test_without_secrets_it_says_who_brings_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from labyard_lab import __main__ as entry

    with pytest.raises(SystemExit, match="64"):
        entry.take_secrets(tmp_path / "secrets.json")
    assert "started by its hub" in capsys.readouterr().err


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    path = tmp_path / "skel"
    (path / ".config").mkdir(parents=True)
    (path / ".bashrc").write_text("alias ll='ls -l'\n")
    (path / ".config/a").write_text("b")
    return path


@pytest.mark.parametrize("volumes", [(), ("workspace",), ("workspace", ".cache")])
def test_a_new_home_is_furnished(tmp_path: Path, skeleton: Path, volumes: tuple[str, ...]) -> None:
    from labyard_lab import home

    place = tmp_path / "home/lab"
    for volume in volumes:
        (place / volume).mkdir(parents=True)
    home.furnish(place, skeleton)
    assert (place / ".bashrc").read_text().startswith("alias")
    assert (place / ".config/a").read_text() == "b"


def test_a_home_somebody_lives_in_is_left_alone(tmp_path: Path, skeleton: Path) -> None:
    from labyard_lab import home

    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/.bashrc_removed_on_purpose").touch()
    home.furnish(tmp_path / "lab", skeleton)
    assert not (tmp_path / "lab/.bashrc").exists()


def test_only_tools_that_are_switched_on_are_offered() -> None:
    from labyard_lab import tools

    assert tools.enabled({}) == {}
    assert tools.enabled({"ENABLE_SERVICE_GLANCES": "0"}) == {}
    found = tools.enabled({"ENABLE_SERVICE_GLANCES": "1", "ENABLE_SERVICE_TENSORBOARD": "1"})
    assert list(found) == ["tensorboard", "glances"]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that an image may bring, and nothing else to be found."""
    found = tmp_path / "code-server"
    found.write_text("#!/bin/sh\n")
    found.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return found


def test_vs_code_is_offered_wherever_the_image_has_it(program: Path) -> None:
    from labyard_lab import tools

    entry = tools.enabled({})["vscode"]
    assert entry["command"][0] == str(program)
    assert entry["unix_socket"] is True  # no port that somebody else could open
    assert "{unix_socket}" in entry["command"]
    program.unlink()
    assert "vscode" not in tools.enabled({})
    missing = tools.enabled({"ENABLE_SERVICE_VSCODE": "1"})["vscode"]
    assert "labyard_lab.missing" in missing["command"]


def test_a_package_that_brings_vs_code_is_left_its_own_way(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labyard_lab import tools, vscode

    monkeypatch.setattr(vscode, "entry_points", lambda **asked: [asked])
    assert tools.enabled({"ENABLE_SERVICE_VSCODE": "1"}) == {}


def test_every_tool_listens_on_loopback_alone() -> None:
    from labyard_lab import tools

    for tool in tools.TOOLS.values():
        at = next(tool.command.index(o) for o in ("--host", "--bind") if o in tool.command)
        assert tool.command[at + 1] == "127.0.0.1"


def test_values_of_the_environment_are_not_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    from labyard_lab import tools

    monkeypatch.setattr(tools, "_installed", lambda package: True)
    environment = {"ENABLE_SERVICE_TENSORBOARD": "1", "TENSORBOARD_LOGDIR": "/a/{port}"}
    command = tools.enabled(environment)["tensorboard"]["command"]
    filled = [part.format(port=1234, base_url="/u/") for part in command]
    assert filled[-3:] == ["/a/{port}", "--path_prefix", "/u/tensorboard"]
    assert "1234" in filled


def test_a_taken_port_of_mlflow_makes_way_for_a_free_one() -> None:
    from labyard_lab import tools

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        entry = tools.enabled({"ENABLE_SERVICE_MLFLOW": "1", "MLFLOW_PORT": str(port)})["mlflow"]
        assert entry["port"] not in (0, port)
    again = tools.enabled({"ENABLE_SERVICE_MLFLOW": "1", "MLFLOW_PORT": str(port)})["mlflow"]
    assert tools.address(again) == f"http://localhost:{port}"


def test_a_tool_that_is_not_in_the_image_is_a_clear_page() -> None:
    from labyard_lab import tools

    command = tools.enabled({"ENABLE_SERVICE_TENSORBOARD": "1"})["tensorboard"]["command"]
    (port,) = free_ports(1)
    server = subprocess.Popen(
        [part.format(port=port) for part in command],
        env={**os.environ, "PYTHONPATH": str(LAB)},
    )
    try:
        eventually(lambda: _answers(port), 20, "the page is served")
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/")
        answer = connection.getresponse()
        page = answer.read().decode()
        assert answer.status == 404
        assert "TensorBoard is not in this image" in page
        assert "labyard image build --with tensorboard" in page
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_package_runs_on_the_oldest_python_it_says() -> None:
    """Labs are made on bases of Python 3.10, too."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--target-version=py310",
            "--isolated",
            "--select=F401",
            LAB,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_terminal_is_busy_while_a_program_has_its_foreground() -> None:
    from labyard_lab import activity

    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "--norc", "-i"])
    terminal = SimpleNamespace(ptyproc=SimpleNamespace(fd=fd, pid=pid))
    try:
        eventually(lambda: not activity.runs(terminal), 60, "the shell waits")
        os.write(fd, b"cat\n")
        eventually(lambda: activity.runs(terminal), 60, "a program runs in it")
    finally:
        os.close(fd)
        os.waitpid(pid, 0)
    assert not activity.runs(terminal), "one that is gone is nobody's work"
    assert activity.computes(SimpleNamespace(execution_state="busy"))
    assert not activity.computes(SimpleNamespace(execution_state="idle"))
