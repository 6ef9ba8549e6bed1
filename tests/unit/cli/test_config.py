"""``labyard config``: 0 when the settings can be used, 2 when not; secrets stay secret."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labyard.cli.main import cli

SECRET = "postgresql://hub:hunter2@db/hub"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LABYARD_CONFIG", raising=False)
    return tmp_path / "labyard.yaml"


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), env=environment)


def test_good_settings_are_good(file: Path) -> None:
    file.write_text("edge: {port: 9000}\n")
    done = run("config", "check")
    assert (done.exit_code, done.output) == (0, f"✔ {file} is good.\n")


def test_what_does_nothing_is_told_and_is_no_error(file: Path) -> None:
    file.touch()
    done = run("config", "check", START_SSH="1")
    assert done.exit_code == 0
    assert done.output.startswith("! START_SSH does nothing: SSH into labs is not supported yet.\n")


@pytest.mark.parametrize("verb", ["check", "show"])
def test_wrong_settings_end_with_two_and_every_line(file: Path, verb: str) -> None:
    file.write_text(f"edge: {{prot: 1, proxy: x}}\nhub: {{database: 'mysql{SECRET}'}}\n")
    done = run("config", verb)
    assert done.exit_code == 2
    assert (
        "labyard.yaml:1: edge.prot: there is no such setting; did you mean edge.port?"
        in done.stderr
    )
    assert 'labyard.yaml:1: edge.proxy: "x" is not allowed' in done.stderr
    assert "hunter2" not in done.output


def test_the_file_that_is_named_is_the_one_that_is_read(file: Path) -> None:
    other = file.with_name("other.yaml")
    other.write_text("edge: {port: 9001}\n")
    shown = json.loads(run("--settings", str(other), "config", "show", "--json").output)
    assert shown["edge.port"] == {"value": 9001, "source": "other.yaml:1"}


def test_values_are_shown_with_their_sources(file: Path) -> None:
    file.write_text("labs:\n  memory: 2048M\n")
    done = run("config", "show", ENABLE_SERVICE_MLFLOW="1")
    rows = {line.split()[0]: line.split()[1:] for line in done.output.split("\n") if line.strip()}
    assert rows["labs.memory"] == ["2G", "labyard.yaml:2"]
    assert rows["labs.services.mlflow"] == ["true", "ENABLE_SERVICE_MLFLOW"]
    assert rows["auth.session"] == ["14d", "default"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_secret_is_not_shown(file: Path, form: list[str]) -> None:
    file.write_text(f"hub: {{database: '{SECRET}'}}\n")
    done = run("config", "show", *form)
    assert done.exit_code == 0
    assert "hunter2" not in done.output
    assert "(set, not shown)" in done.output


def test_docs_are_made_and_checked(tmp_path: Path) -> None:
    stale = run("config", "docs", "--check", "--into", str(tmp_path))
    assert stale.exit_code == 1
    assert "docs/reference/settings.md" in stale.stderr
    assert list(tmp_path.iterdir()) == []
    assert run("config", "docs", "--into", str(tmp_path)).exit_code == 0
    assert run("config", "docs", "--check", "--into", str(tmp_path)).exit_code == 0
    assert (tmp_path / ".env.example").exists()
