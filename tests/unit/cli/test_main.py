"""The command itself: verbs, exit codes, completion."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from labyard.cli.main import VERBS, cli


def labyard(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "labyard.cli.main", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb):
    context = cli.make_context("labyard", [verb, "--help"], resilient_parsing=True)
    command = cli.get_command(context, verb)
    assert command is not None
    assert command.name == verb
    assert command.help


def test_an_unknown_verb_or_option_is_wrong_usage(tmp_path):
    assert labyard("stopp", cwd=tmp_path).returncode == 2
    assert labyard("status", "--nonsense", cwd=tmp_path).returncode == 2


def test_wrong_settings_start_nothing_and_exit_with_2(tmp_path):
    (tmp_path / "labyard.yaml").write_text("edge:\n  prot: 1\n")
    for verb in ("up", "down", "status", "doctor"):
        done = labyard(verb, cwd=tmp_path)
        assert done.returncode == 2
        assert "prot" in done.stderr
        assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["labyard.yaml"]


def test_an_installation_that_never_ran_says_how_to_start_it(tmp_path):
    (tmp_path / "labyard.yaml").write_text("installation: tcli1\n")
    done = labyard("users", "list", cwd=tmp_path)
    assert done.returncode == 1
    assert "labyard up" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell, tmp_path):
    done = labyard("completion", shell, cwd=tmp_path)
    assert done.returncode == 0
    assert "_LABYARD_COMPLETE" in done.stdout


def test_completion_offers_verbs(tmp_path):
    done = labyard(
        cwd=tmp_path, _LABYARD_COMPLETE="bash_complete", COMP_WORDS="labyard us", COMP_CWORD="1"
    )
    assert done.stdout.split() == ["plain,users"]


@pytest.mark.parametrize("verb", [(), ("users",), ("servers",), ("config",)], ids=" ".join)
def test_help_says_every_sentence_to_its_end(verb):
    said = CliRunner().invoke(cli, [*verb, "--help"], terminal_width=80).output
    assert "..." not in said.split("Commands:")[1]


def test_who_only_asks_the_hub_reads_no_library_of_database_or_engine():
    code = (
        "import labyard.cli.users, labyard.cli.servers, labyard.cli.down, sys;"
        "sys.exit(' '.join({'sqlalchemy', 'alembic', 'jupyterhub', 'aiohttp'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.split() == []
