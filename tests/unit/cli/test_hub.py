"""The hub as a process: what a person reads when it does not come up, and one `up` at a time."""

import asyncio
import multiprocessing
import stat

import pytest

from labyard.cli.hub import HubDied, HubProcess, healthy, one_at_a_time
from labyard.cli.steps import make_secret, plan
from labyard.core.errors import Busy
from labyard.core.paths import Paths


@pytest.fixture
def paths(tmp_path) -> Paths:
    made = Paths(tmp_path / "var")
    made.make()
    return made


def test_a_hub_that_ends_at_once_is_told_with_its_last_words(paths, tmp_path):
    settings = tmp_path / "labyard.yaml"
    settings.write_text("edge: {prot: 1}\n")
    hub = HubProcess(paths)
    hub.start(settings)
    with pytest.raises(HubDied) as caught:
        asyncio.run(hub.wait("http://127.0.0.1:9/", 60))
    assert "ended while it was starting" in caught.value.message
    assert "prot" in caught.value.message
    assert str(hub.log) in caught.value.remedy
    assert hub.pid is None


def test_nobody_is_not_healthy():
    assert not healthy("http://127.0.0.1:9/")


def _hold(paths: Paths, held, release) -> None:
    with one_at_a_time(paths):
        held.set()
        release.wait(30)


def test_a_second_up_waits_its_turn(paths):
    spawn = multiprocessing.get_context("spawn")
    held, release = spawn.Event(), spawn.Event()
    first = spawn.Process(target=_hold, args=(paths, held, release))
    first.start()
    try:
        assert held.wait(30)
        with pytest.raises(Busy), one_at_a_time(paths, patience=0.3):
            pass
        release.set()
        with one_at_a_time(paths, patience=30):
            pass
    finally:
        release.set()
        first.join()


def test_a_turn_falls_with_its_holder(paths):
    spawn = multiprocessing.get_context("spawn")
    held, release = spawn.Event(), spawn.Event()
    first = spawn.Process(target=_hold, args=(paths, held, release))
    first.start()
    assert held.wait(30)
    first.kill()
    first.join()
    with one_at_a_time(paths, patience=5):
        pass


def test_secrets_are_private_and_stay(paths):
    path = paths.secret("cookie")
    make_secret(path)
    first = path.read_text()
    make_secret(path)
    assert path.read_text() == first
    assert len(bytes.fromhex(first)) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_prepared_for_a_hub_that_runs():
    assert [step.title for step in plan(hub_runs=True)] == ["Network", "Proxy", "Hub"]
    fresh = [step.title for step in plan(hub_runs=False)]
    assert fresh[-2:] == ["Proxy", "Hub"]
    assert fresh.index("Ports") < fresh.index("Database")
