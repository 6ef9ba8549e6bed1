"""Detached processes: found again by identity, ended with grace, logs of bounded size."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from labyard.core import processes
from labyard.core.processes import PidFile, identify, start_detached, tail

POLITE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), sys.exit()))
print("up", flush=True)
time.sleep(60)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""


def until(condition: Callable[[], object], patience: float = 10.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def pid_file(tmp_path: Path):
    file = PidFile(tmp_path / "it.pid")
    yield file
    file.stop(0.1)


def start(tmp_path: Path, pid_file: PidFile, code: str, **kwargs: int) -> int:
    return start_detached(
        [sys.executable, "-c", code],
        log=tmp_path / "it.log",
        pid_file=pid_file,
        environment={"PATH": os.environ["PATH"]},
        directory=tmp_path,
        **kwargs,
    )


def test_a_started_process_is_found_again_and_has_its_own_session(tmp_path, pid_file):
    pid = start(tmp_path, pid_file, "import time; time.sleep(60)")
    assert PidFile(pid_file.path).pid() == pid
    assert os.getsid(pid) == pid


def test_what_it_writes_is_in_the_log(tmp_path, pid_file):
    start(tmp_path, pid_file, "import sys; print('out'); print('err', file=sys.stderr)")
    until(lambda: sorted(tail(tmp_path / "it.log").splitlines()) == ["err", "out"])


def test_its_last_words_are_waited_for(tmp_path, pid_file, monkeypatch):
    slow = tmp_path / "slow.py"
    slow.write_text(
        f"import runpy, time; time.sleep(0.5); runpy.run_path({str(processes._PUMP)!r}, run_name='__main__')"
    )
    monkeypatch.setattr(processes, "_PUMP", slow)
    start(tmp_path, pid_file, "print('farewell')")
    until(lambda: pid_file.pid() is None)
    assert tail(tmp_path / "it.log") == "farewell"


def test_an_ended_process_is_gone_even_as_a_zombie(tmp_path, pid_file):
    start(tmp_path, pid_file, "pass")
    until(lambda: pid_file.pid() is None)


def test_a_recycled_pid_is_neither_found_nor_hit(tmp_path, pid_file):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pid_file.write(stranger.pid)
        remembered = json.loads(pid_file.path.read_text())
        pid_file.path.write_text(json.dumps({**remembered, "started": remembered["started"] - 1}))
        assert pid_file.pid() is None
        assert not pid_file.signal(signal.SIGKILL)
        assert not pid_file.stop(0.1)
        assert stranger.poll() is None
        assert not pid_file.path.exists()
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("content", ["", "4711", "{}", '{"pid": 1}', "[]"])
def test_a_broken_file_names_nobody(pid_file, content):
    pid_file.path.write_text(content)
    assert pid_file.pid() is None
    assert not pid_file.stop(0.1)


def test_stop_asks_first_and_forces_then(tmp_path, pid_file):
    start(tmp_path, pid_file, POLITE)
    until(lambda: "up" in tail(tmp_path / "it.log"))
    assert pid_file.stop(10)
    until(lambda: "bye" in tail(tmp_path / "it.log"))

    pid = start(tmp_path, pid_file, DEAF)
    until(lambda: "deaf" in tail(tmp_path / "it.log"))
    assert pid_file.stop(0.2)
    assert identify(pid) is None


def test_the_log_stays_bounded_and_keeps_the_newest(tmp_path, pid_file):
    code = "for n in range(20000): print(f'line {n:05}', flush=n % 50 == 0)"
    start(tmp_path, pid_file, code, log_bytes=50_000, log_files=2)
    until(lambda: "line 19999" in tail(tmp_path / "it.log"))
    files = sorted(p.name for p in tmp_path.glob("it.log*"))
    assert files == ["it.log", "it.log.1"]
    assert sum(p.stat().st_size for p in tmp_path.glob("it.log*")) < 2 * (50_000 + 65_536)
    assert (tmp_path / "it.log").stat().st_mode & 0o077 == 0


def test_a_service_ends_with_a_hub_that_was_killed(tmp_path, pid_file):
    service = (
        "import os, sys, time; from labyard.core.processes import end_with_parent;"
        "end_with_parent(int(sys.argv[1])); print('service', os.getpid(), flush=True); time.sleep(60)"
    )
    hub = (
        "import os, subprocess, sys;"
        f"subprocess.run([sys.executable, '-c', {service!r}, str(os.getpid())])"
    )
    start(tmp_path, pid_file, hub)
    until(lambda: "service" in tail(tmp_path / "it.log"))
    pid = int(tail(tmp_path / "it.log").split()[-1])
    pid_file.signal(signal.SIGKILL)
    until(lambda: identify(pid) is None)


def test_a_service_whose_hub_was_killed_before_it_could_say_so_ends_too():
    with subprocess.Popen(["true"]) as hub:
        hub.wait()
    code = f"from labyard.core.processes import end_with_parent; end_with_parent({hub.pid})"
    late = "; import time; time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", code + late], check=False, timeout=50)
    assert done.returncode == -signal.SIGTERM
