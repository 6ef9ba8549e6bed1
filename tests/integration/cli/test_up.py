"""``labyard up`` and ``down`` with real processes: once, twice, at once, in the way, as anybody."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labyard.cli.ports import why_taken
from labyard.core.processes import identify
from tests.tools.yard import Yard


@pytest.fixture(scope="module")
def mine(make_yard) -> Yard:
    """An installation of the docker engine that these tests may start and stop."""
    place = make_yard()
    place.up()
    return place


def test_it_says_where_it_is_and_who_comes_first(mine):
    said = mine.labyard("up").stdout
    secret = (mine.data / "secrets/bootstrap").read_text().strip()
    assert mine.url in said
    assert "Admin             admin" in said
    assert secret in said


def test_a_second_up_does_nothing_twice(mine):
    pid = mine.pid("hub")
    assert "runs already" in mine.labyard("up").stdout
    assert mine.pid("hub") == pid


def test_changed_settings_are_not_taken_for_those_in_use(mine):
    mine.up()
    assert "have changed" not in mine.labyard("up").stdout
    said = mine.labyard("up", LABYARD_LABS__MEMORY="1G").stdout
    assert "have changed since the hub was started" in said
    assert "labyard down" in said


def test_two_at_once_start_one_hub(mine):
    mine.down()
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: mine.labyard("up", check=False), range(3)))
    assert [d.returncode for d in done] == [0, 0, 0]
    assert sorted("runs already" in d.stdout for d in done) == [False, True, True]


def test_the_pages_end_when_told_wherever_up_was_called(mine):
    """A shell's background job ignores SIGINT, and so would everything that it starts."""
    mine.down()
    ignoring = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"
    up = "os.execv(sys.executable, [sys.executable, '-m', 'labyard.cli.main', 'up'])"
    subprocess.run(
        [sys.executable, "-c", ignoring + up],
        env={**os.environ, "LABYARD_CONFIG": str(mine.file)},
        check=True,
        capture_output=True,
        timeout=120,
    )
    hub = str(mine.pid("hub"))
    pages = subprocess.check_output(["pgrep", "-P", hub, "-f", "labyard service"], text=True)
    status = Path(f"/proc/{pages.strip()}/status").read_text()
    caught = int(re.search(r"SigCgt:\s+(\w+)", status)[1], 16)
    assert caught & 1 << (signal.SIGINT - 1)


def test_status_tells_in_words_and_by_its_exit_code(mine):
    mine.up()
    state = json.loads(mine.labyard("status", "--json").stdout)
    assert state["hub"] == "answers"
    assert state["hub_pid"] == mine.pid("hub")
    assert state["engine"].startswith("docker ")
    assert state["labs"] == 0
    mine.down()
    done = mine.labyard("status", "--json", check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["hub"] == "stopped"


def test_a_hub_that_was_killed_is_started_again(mine):
    mine.up()
    pid = mine.pid("hub")
    subprocess.run(["kill", "-9", str(pid)], check=True)
    mine.up()
    assert mine.pid("hub") != pid
    assert mine.labyard("status").returncode == 0


def test_a_recycled_pid_is_not_stopped(mine):
    mine.down()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        identity = identify(stranger.pid)
        (mine.data / "run/hub.pid").write_text(
            json.dumps(
                {"pid": stranger.pid, "started": identity.started - 1, "boot": identity.boot}
            )
        )
        mine.down()
        assert stranger.poll() is None
        stranger.kill()
    assert "did not run" in mine.labyard("down").stdout


@pytest.mark.parametrize("path", ["edge.port", "hub.service_port"])
def test_a_port_of_somebody_else_is_named_and_nothing_stays(make_yard, path):
    section, key = path.split(".")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        place = make_yard(**{section: {key: port}})
        done = place.labyard("up", check=False)
    assert done.returncode == 2
    assert path in done.stderr
    assert f"port {port} is in use by" in done.stderr
    assert not list((place.data / "run").glob("*.pid"))


def test_a_hub_that_cannot_start_is_told_and_the_proxy_stopped(make_yard):
    place = make_yard()
    override = place.directory / "jupyterhub_config.d"
    override.mkdir()
    (override / "broken.py").write_text("raise RuntimeError('a broken override')\n")
    done = place.labyard("up", check=False)
    assert done.returncode == 1
    assert "a broken override" in done.stderr
    assert "hub.log" in done.stderr
    for port in (place.settings["edge"]["port"], place.settings["hub"]["service_port"]):
        assert why_taken("127.0.0.1", port) == ""
    (override / "broken.py").unlink()
    place.up()


def test_secrets_are_in_no_argument_and_no_environment(mine):
    mine.up()
    secrets = [p.read_bytes().strip() for p in (mine.data / "secrets").iterdir() if p.is_file()]
    assert secrets
    listed = subprocess.run(["ps", "axeww"], capture_output=True, check=True).stdout
    for secret in secrets:
        assert secret not in listed
